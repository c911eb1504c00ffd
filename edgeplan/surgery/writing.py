"""Writes a changed model: beside the old one, never over it, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection
from pathlib import Path

import onnx_ir as ir

from edgeplan.surgery.draft import Draft, graphs, quiet

__all__ = ["WriteError", "files_of", "host_place", "refuse_place", "refuse_weights", "weight_files", "write_model"]

_LARGEST = 2**31 - 2**24
"""Bytes a model may have in one file: a protobuf holds 2 GiB, and names and ops need room."""

_INLINE = 1024
"""Bytes up to which a weight stays in the model's file when the others do not."""


class WriteError(ValueError):
    """A model that cannot be written there, in one line."""


def refuse_place(place: Path, source: Path) -> None:
    """Raise `WriteError` where writing to `place` would destroy the model, or its weights, or cannot work."""
    try:
        if place.is_dir() or not place.absolute().parent.is_dir():
            raise WriteError(f"cannot write {place}: {'it is a folder' if place.is_dir() else 'no such folder'}")
        if place.exists() and not place.is_file():
            raise WriteError(f"cannot write {place}: it is a device, and no file")
        if place.exists() and source.exists() and place.samefile(source):
            raise WriteError(f"{place} is the model itself: give another place")
    except OSError as e:  # a name that is too long
        raise WriteError(f"cannot write {place}: {e.strerror}") from None


def host_place(output: Path) -> Path:
    """Where what is cut off for the host goes."""
    return output.with_name(f"{output.stem}.host{output.suffix}")


def files_of(place: Path) -> tuple[Path, Path]:
    """The files of a model written to a place: its own, and its weights'."""
    return place, place.with_name(f"{place.name}.data")


def refuse_weights(places: Collection[Path], draft: Draft) -> None:
    """Raise `WriteError` where one of some places is a file of the weights that a model's draft reads from."""
    used = weight_files(draft)
    for place in places:
        if place.resolve() in used:
            raise WriteError(f"{place} holds the model's weights: give another place")


def weight_files(draft: Draft) -> set[Path]:
    """The files beside a model's own that its weights lie in."""
    weights = (v.const_value for g in graphs(draft.model.graph) for v in g.initializers.values())
    return {Path(t.path).resolve() for t in weights if isinstance(t, ir.ExternalTensor)}


def write_model(draft: Draft, place: Path, source: Path, *, apart: bool = False) -> list[Path]:
    """Write the model; the files made. Weights lie in `<place>.data` when they did not lie in the model's file before,
    do not fit there, or are wanted `apart`.

    Raises `WriteError` and leaves nothing behind when that is not possible.
    """
    refuse_place(place, source)
    model = draft.model
    weights = [v.const_value for g in graphs(model.graph) for v in g.initializers.values() if v.const_value is not None]
    apart = apart or bool(weight_files(draft)) or sum(t.nbytes for t in weights) > _LARGEST
    data = files_of(place)[1]
    refuse_weights(files_of(place), draft)
    ends = [*model.graph.inputs, *model.graph.outputs]
    inferred = [v.shape for v in ends]
    for value in ends:  # what the model says of itself at its ends stays as it was
        said = draft.declared.get(value.name)
        if said is not None:
            value.shape, value.doc_string = said.shape, said.doc_string
            value.metadata_props.update(said.metadata_props)
            if value.type is not None:
                value.type.denotation = said.denotation
    with tempfile.TemporaryDirectory(prefix=".edgeplan-", dir=place.absolute().parent) as folder:
        made = Path(folder) / place.name
        try:
            with quiet():
                if apart:
                    ir.save(model, made, external_data=data.name, size_threshold_bytes=_INLINE)
                else:
                    ir.save(model, made)
        except (OSError, ValueError) as e:  # the latter where the file of a weight is too short
            raise WriteError(f"cannot write {place}: {e.strerror if isinstance(e, OSError) else e}") from None
        finally:
            for value, shape in zip(ends, inferred, strict=True):
                value.shape = shape
        written = [made.with_name(data.name)] if apart and made.with_name(data.name).exists() else []
        for path in (*written, made):  # the model last: whoever sees it finds its weights
            os.replace(path, place.with_name(path.name))
    return [place.with_name(p.name) for p in (made, *written)]
