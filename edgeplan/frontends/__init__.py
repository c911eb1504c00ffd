"""From a file to a graph, one format a package; which one it is, its first bytes say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgeplan.frontends.loaded import Loaded

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ["dialect_of", "load_model"]


def dialect_of(source: str | Path | ModelProto) -> str:
    """The dialect of a model's graph: `tflite` for a file that is marked as one or called `.tflite`, else `onnx`."""
    if not isinstance(source, (str, Path)):
        return "onnx"
    path = Path(source)
    return "tflite" if path.suffix.lower() == ".tflite" or _mark(path) == b"TFL3" else "onnx"


def _mark(path: Path) -> bytes:
    """Bytes 4 to 7, where a flatbuffer says what it is; nothing of what is no regular file."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as f:
            return f.read(8)[4:]
    except (OSError, ValueError):
        return b""


def load_model(
    source: str | Path | ModelProto,
    dims: Mapping[str, int] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
) -> Loaded:
    """Read a model of any known format, without its weights.

    `dims` binds free dimensions by name, `shapes` and `values` inputs by name. Raises `ModelError` when the model
    cannot be analysed and `BindingError` when a binding does not fit it.
    """
    if isinstance(source, (str, Path)) and dialect_of(source) == "tflite":
        from edgeplan.frontends.tflite import load_tflite

        return load_tflite(Path(source), dims, shapes, values)
    from edgeplan.frontends.onnx import load_onnx

    return load_onnx(source, dims, shapes, values)
