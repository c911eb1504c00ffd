"""The folder that `edgeplan split -o` makes, read and checked: which tensors go up and come back; the halves to run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from edgeplan.surgery.splitting.manifest import MANIFEST, Manifest, ManifestError, read_manifest, sha256_of
from examples.split_serving.frame import Slot

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Parts", "PartsError", "Run", "load", "load_whole", "read_parts"]

Run = Callable[..., dict[str, "NDArray[Any]"]]
"""A model to run: tensors by name, and onnxruntime's run options or None, to its outputs by name."""


class PartsError(ValueError):
    """A folder that is no split, or files that are not those of its manifest; one line."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A split: `boundary` is sent up, `back` comes down, `kept` are the outputs that the device makes."""

    folder: Path
    text: bytes
    manifest: Manifest
    boundary: tuple[Slot, ...]
    back: tuple[Slot, ...]
    kept: tuple[str, ...]

    @property
    def id(self) -> str:
        """The SHA-256 of the manifest, which holds those of all files: halves of two splits never meet unnoticed."""
        return hashlib.sha256(self.text).hexdigest()

    @property
    def name(self) -> str:
        """The model's name."""
        return self.manifest.model.name


def read_parts(folder: Path) -> Parts:
    """The split in that folder. Raises `PartsError`."""
    try:
        manifest = read_manifest(folder)
        text = (folder / MANIFEST).read_bytes()
    except (OSError, ManifestError) as e:
        raise PartsError(str(e)) from None
    if manifest.cloud is None:
        raise PartsError(f"{folder}: the device runs all of {manifest.model.name}, nothing is left to serve")
    slots = [
        tuple(Slot(t.name, t.dtype, t.shape, t.encoding) for t in sent) for sent in (manifest.boundary, manifest.back)
    ]
    kept = tuple(o.name for o in manifest.outputs if o.side == "device")
    return Parts(folder, text, manifest, slots[0], slots[1], kept)


def load(parts: Parts, side: Literal["device", "cloud"], *, threads: int = 0, exact: bool = False) -> Run:
    """One half, ready to run; on the device, nothing to run is a half as well. Raises `PartsError` on a wrong file."""
    half = parts.manifest.device if side == "device" else parts.manifest.cloud
    if half is None:
        return lambda feeds, options=None: {}
    for file in half.files:
        _check(parts.folder / file.name, file.sha256)
    return _session(parts.folder / half.model, threads, exact)


def load_whole(parts: Parts, model: Path, *, threads: int = 0, exact: bool = False) -> Run:
    """The model that was split, ready to run. Raises `PartsError` where it is another."""
    _check(model, parts.manifest.model.sha256)
    return _session(model, threads, exact)


def _check(path: Path, sha256: str) -> None:
    try:
        found = sha256_of(path)
    except OSError as e:
        raise PartsError(f"cannot read {path}: {e.strerror}") from None
    if found != sha256:
        raise PartsError(f"{path} is not the file of the manifest: its SHA-256 is another")


def _session(path: Path, threads: int, exact: bool) -> Run:
    """The model in onnxruntime on the CPU. It fuses ops, those at the cut otherwise than in the whole model, which then
    rounds otherwise; `exact` forbids it.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    if exact:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4  # its errors quote data
    try:
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as e:  # a class of its own for each of its errors
        raise PartsError(f"onnxruntime cannot load {path}: {e}".splitlines()[0]) from None
    inputs = {i.name for i in session.get_inputs()}
    outputs: Sequence[str] = [o.name for o in session.get_outputs()]

    def run(feeds: dict[str, NDArray[Any]], options: Any = None) -> dict[str, NDArray[Any]]:
        results = session.run(outputs, {n: a for n, a in feeds.items() if n in inputs}, options)
        return dict(zip(outputs, results, strict=True))

    return run
