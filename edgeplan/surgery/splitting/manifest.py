"""What stands beside the two models of a split: files with their checksums, and the tensors that go up and come back.

Whoever runs the halves reads it, and needs neither onnx nor the model for that. The tensors sent up are, in order, the
inputs of the cloud's model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import Literal

import msgspec

from edgeplan.surgery.splitting.complaints import complaints

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
        return next(complaints(self), "")

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
