"""What a manifest may say: sizes that follow from shapes, tensors that a side has, names that stay in the folder."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

from edgeplan.graph import DType
from edgeplan.links.encoding import ENCODINGS

if TYPE_CHECKING:
    from edgeplan.surgery.splitting.manifest import Manifest, Sent, Side

__all__ = ["complaints"]

_MOST = 1 << 40
"""Bytes a tensor may have."""

_HEAD = 64
"""Bytes by which an encoding may make a small tensor larger."""

_FILE = re.compile(r"[^/\\\x00-\x1f\x7f:]{1,250}\.(onnx|onnx\.data)")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TYPES = {d.label: d for d in DType if d.bits}


def complaints(found: Manifest) -> Iterator[str]:
    """What a manifest says that no split can be, in words."""
    if found.device is None and found.cloud is None:
        yield "neither side has a model"
    yield from _wrong_files(found)
    for what, names in _lists(found):
        if len(set(names)) < len(names):
            yield f"{what} name a tensor twice"
    yield from _wrong_ends(found)
    if found.encoding not in ENCODINGS:
        yield f"no encoding is called {found.encoding[:60]!r}"
    for sent in (*found.boundary, *found.back):
        yield from _wrong_tensor(sent)
    for sent in found.boundary:
        if sent.shape is None or sent.bytes is None or sent.sent_bytes is None or None in sent.shape:
            yield f"the size of {sent.name!r}, which is sent up, is not stated"


def _wrong_files(found: Manifest) -> Iterator[str]:
    names = [file.name.casefold() for file in found.files]
    if len(set(names)) < len(names):
        yield "a file is named twice"
    for file in found.files:
        if not _FILE.fullmatch(file.name) or file.name.startswith("."):
            yield f"{file.name[:60]!r} is no name of a model's file beside it"
    whole = found.model.name, found.model.bytes, found.model.sha256
    for name, size, checksum in (whole, *((f.name, f.bytes, f.sha256) for f in found.files)):
        if size < 0 or not _SHA256.fullmatch(checksum):
            yield f"the size or the checksum of {name[:60]!r} is none"
    for side, half in found.halves.items():
        if half.model not in [file.name for file in half.files] or not half.model.endswith(".onnx"):
            yield f"the model of the {side} is none of its files"
        if half.ops < 0:
            yield f"the {side} has {half.ops} ops"


def _lists(found: Manifest) -> Iterator[tuple[str, Sequence[str]]]:
    yield "the inputs", [i.name for i in found.inputs]
    yield "the outputs", [o.name for o in found.outputs]
    yield "the tensors sent up", [s.name for s in found.boundary]
    yield "the tensors sent back", [s.name for s in found.back]
    for side, half in found.halves.items():
        yield f"the inputs of the {side}", half.inputs
        yield f"the outputs of the {side}", half.outputs


def _wrong_ends(found: Manifest) -> Iterator[str]:
    """Tensors that no side has where they are said to come from."""
    inputs: Mapping[Side, Collection[str]] = {side: half.inputs for side, half in found.halves.items()}
    outputs: Mapping[Side, Collection[str]] = {side: half.outputs for side, half in found.halves.items()}
    given: Mapping[Side, set[str]] = {"device": set(), "cloud": set()}
    for value in found.inputs:
        for side in value.sides:
            given[side].add(value.name)
            if value.name not in inputs.get(side, ()):
                yield f"the {side} does not read the input {value.name!r}"
    for out in found.outputs:
        if out.name not in outputs.get(out.side, ()):
            yield f"the {out.side} does not make the output {out.name!r}"
    if set(inputs.get("device", ())) != given["device"]:
        yield "the device's inputs are not those of the model that it reads"
    if list(found.cloud.inputs if found.cloud else ()) != [s.name for s in found.boundary]:
        yield "what is sent up is not what the cloud reads"
    for sent in found.boundary:
        if sent.name not in outputs.get("device", ()) and sent.name not in given["cloud"]:
            yield f"{sent.name!r} is sent up, and the device does not have it"
    for sent in found.back:
        if sent.name not in outputs.get("cloud", ()):
            yield f"{sent.name!r} comes back, and the cloud does not make it"
    for dtype in (*(i.dtype for i in found.inputs), *(o.dtype for o in found.outputs if o.dtype is not None)):
        if dtype not in _TYPES and dtype != DType.STRING.label:
            yield f"no element type is called {dtype[:60]!r}"


def _wrong_tensor(sent: Sent) -> Iterator[str]:
    kind = _TYPES.get(sent.dtype)
    if kind is None:
        yield f"no tensor of type {sent.dtype[:60]!r} can be sent"
        return
    if sent.encoding not in ENCODINGS:
        yield f"no encoding is called {sent.encoding[:60]!r}"
    if sent.shape is None or None in sent.shape:
        if sent.bytes is not None or sent.sent_bytes is not None:
            yield f"{sent.name!r} has a size and no shape"
        return
    sizes = [d for d in sent.shape if d is not None]
    if any(d < 0 for d in sizes) or len(sizes) > _HEAD:
        yield f"{sent.name!r} has no shape that a tensor can have"
        return
    size = (prod(sizes) * kind.bits + 7) // 8
    if size > _MOST:
        yield f"{sent.name!r} has {size} bytes: more than any tensor that is sent"
    elif sent.bytes != size:
        yield f"{sent.name!r} has {sent.bytes} bytes, and {size} by its shape"
    if sent.sent_bytes is None or not 0 <= sent.sent_bytes <= size + _HEAD:
        yield f"{sent.name!r} of {size} bytes is not sent in {sent.sent_bytes}"
