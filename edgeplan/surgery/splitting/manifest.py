"""What stands beside the two models of a split: files with their checksums, and the tensors that go up and come back.

Whoever runs the halves reads it, and needs neither onnx nor the model for that. The tensors sent up are, in order, the
inputs of the cloud's model.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from stat import S_ISREG
from typing import Literal

import msgspec

from edgeplan.graph import DType
from edgeplan.links.encoding import ENCODINGS

__all__ = [
    "MANIFEST",
    "File",
    "Half",
    "Input",
    "Manifest",
    "ManifestError",
    "Model",
    "Output",
    "Sent",
    "Side",
    "read_manifest",
    "sha256_of",
]

FORMAT = 1
MANIFEST = "manifest.json"
"""Its name in the folder of a split."""

Side = Literal["device", "cloud"]

_LARGEST = 1 << 24
"""Bytes of a manifest that are read at most."""

_MOST = 1 << 40
"""Bytes a tensor may have."""

_HEAD = 64
"""Bytes by which an encoding may make a small tensor larger."""

_FILE = re.compile(r"[^/\\\x00-\x1f\x7f:]{1,250}\.(onnx|onnx\.data)")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TYPES = {d.label: d for d in DType if d.bits}


class ManifestError(ValueError):
    """A manifest that is none, or files that are not what it says, in one line."""


@dataclass(frozen=True, slots=True)
class File:
    """A file beside the manifest."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Model:
    """The file that was cut."""

    name: str
    bytes: int
    sha256: str
    opset: int


@dataclass(frozen=True, slots=True)
class Half:
    """A side's model: `model` is the one to be loaded, `files` are all it needs."""

    model: str
    files: tuple[File, ...]
    ops: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Input:
    """An input of the whole model, and the sides that read it. Axes are sizes, names of free dimensions, or null."""

    name: str
    dtype: str
    shape: tuple[int | str | None, ...] | None
    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class Output:
    """An output of the whole model, and the side that makes it. Its type is null where no rule tells it."""

    name: str
    dtype: str | None
    shape: tuple[int | str | None, ...] | None
    side: Side


@dataclass(frozen=True, slots=True)
class Sent:
    """A tensor that is sent: `bytes` as the models hold it, `sent_bytes` in its `encoding`.

    Of one that comes back the data may decide the shape: then axes and bytes are null.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None
    bytes: int | None
    encoding: str
    sent_bytes: int | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A split: a half that is null has nothing to run. `boundary` goes up, `back` comes down.

    `encoding` is the one asked for; a tensor that it is not for has its own. `plan` are the ids that the split was
    planned for.
    """

    format: int
    edgeplan: str
    model: Model
    device: Half | None
    cloud: Half | None
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    boundary: tuple[Sent, ...]
    back: tuple[Sent, ...]
    encoding: str
    plan: Mapping[str, str] = field(default_factory=dict)

    @property
    def halves(self) -> Mapping[Side, Half]:
        """The sides that have something to run, the device first."""
        both: tuple[tuple[Side, Half | None], ...] = (("device", self.device), ("cloud", self.cloud))
        return {side: half for side, half in both if half is not None}

    @property
    def files(self) -> tuple[File, ...]:
        """All files beside the manifest."""
        return tuple(file for half in self.halves.values() for file in half.files)

    @property
    def wrong(self) -> str:
        """What it says that no split can be, in words; empty where it can."""
        return next(_wrong(self), "")

    def to_json(self) -> str:
        """The file's text."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode() + "\n"

    def verify_files(self, folder: Path) -> None:
        """Raise `ManifestError` unless all files are in the folder, of the sizes and checksums stated."""
        for file in self.files:
            path = folder / file.name
            try:
                found = path.lstat()
                if not S_ISREG(found.st_mode):
                    raise ManifestError(f"{file.name!r} is no file")
                if found.st_size != file.bytes:
                    raise ManifestError(f"{file.name!r} has {found.st_size} bytes, and {file.bytes} by its manifest")
                if sha256_of(path) != file.sha256:
                    raise ManifestError(f"{file.name!r} is not the file that its manifest names: its checksum differs")
            except OSError as e:
                raise ManifestError(f"{file.name!r} cannot be read: {e.strerror or e}") from None


class _Format(msgspec.Struct):
    format: int


def read_manifest(path: Path) -> Manifest:
    """The manifest in a folder, or in a file of its own. Raises `ManifestError`; no other file is looked at."""
    place = path / MANIFEST if path.is_dir() else path
    try:
        if not place.is_file():
            raise ManifestError(f"cannot read {place}: no such file")
        with place.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as e:
        raise ManifestError(f"cannot read {place}: {e.strerror or e}") from None
    if len(data) > _LARGEST:
        raise ManifestError(f"{place} is no manifest of a split: it is larger than {_LARGEST} bytes")
    try:
        version = msgspec.json.decode(data, type=_Format).format
        if version != FORMAT:
            raise ManifestError(f"{place} has the format {version}, and only {FORMAT} is known here")
        found = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise ManifestError(f"{place} is no manifest of a split: {str(e).splitlines()[0]}") from None
    if found.wrong:
        raise ManifestError(f"{place} is no manifest of a split: {found.wrong}")
    return found


def sha256_of(path: Path) -> str:
    """The checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _wrong(found: Manifest) -> Iterator[str]:
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
    whole = File(found.model.name, found.model.bytes, found.model.sha256)
    for file in (whole, *found.files):
        if file.bytes < 0 or not _SHA256.fullmatch(file.sha256):
            yield f"the size or the checksum of {file.name[:60]!r} is none"
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
