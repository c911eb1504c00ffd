"""Writes the folder of a split, whole or not at all, and nothing outside it.

An earlier split there is replaced, file by file as its manifest names them; a folder with anything else in it is left
as it is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.halves import Halves
from edgeplan.surgery.splitting.manifest import MANIFEST, ManifestError, Side, read_manifest
from edgeplan.surgery.writing import WriteError, refuse_weights, weight_files, write_model

__all__ = ["place_files", "refuse_folder", "write_halves"]

_LONGEST = 200
"""Letters of the model's name that its halves are named by."""


def refuse_folder(folder: Path, source: Path, draft: Draft) -> None:
    """Raise `WriteError` where a split cannot be written to a folder, or something else would be lost there."""
    try:
        if folder.exists() and not folder.is_dir():
            raise WriteError(f"cannot write {folder}: it is no folder")
        if not folder.exists() and not folder.absolute().parent.is_dir():
            raise WriteError(f"cannot write {folder}: no such folder")
        earlier = _earlier(folder)
        for path in earlier:
            if path.exists() and path.samefile(source):
                raise WriteError(f"{folder} holds the model itself: give another place")
        refuse_weights(earlier, draft)
        if folder.is_dir():
            other = sorted(p.name for p in folder.iterdir() if p not in earlier)
            if other:
                raise WriteError(f"{folder} holds other files ({other[0]!r}): give a folder of its own")
    except OSError as e:
        raise WriteError(f"cannot write {folder}: {e.strerror or e}") from None


def _earlier(folder: Path) -> list[Path]:
    """The files of an earlier split in a folder, the manifest first; none where there is none."""
    if not (folder / MANIFEST).is_file():
        return []
    try:
        found = read_manifest(folder)
    except ManifestError:  # a file of the same name that is another's
        return []
    named = [folder / file.name for file in found.files]
    return [folder / MANIFEST, *(path for path in named if path.is_file() and not path.is_symlink())]


def write_halves(halves: Halves, folder: Path, source: Path) -> Mapping[Side, Sequence[Path]]:
    """The models in a folder, each with its weights beside it where the source has them so: a side's own file first."""
    stem = re.sub(r"[^\w.+() -]+", "_", source.stem, flags=re.ASCII)[:_LONGEST].strip("._ ") or "model"
    return {
        side: write_model(part, folder / f"{stem}.{side}.onnx", source, apart=bool(weight_files(part)))
        for side, part in halves.parts.items()
    }


def place_files(made: Path, folder: Path, names: Sequence[str]) -> tuple[Path, ...]:
    """Put the files named, made in a folder on the same disk, in another, in the place of an earlier split's.

    What was moved is moved back when something goes wrong. The manifest is named last, and an earlier one goes first:
    while there is one, its files are there, too. Raises `WriteError`.
    """
    try:
        if not folder.exists():
            os.rename(made, folder)
        else:
            _exchange([(made / name, folder / name) for name in names], _earlier(folder), made.parent)
    except OSError as e:
        raise WriteError(f"cannot write {folder}: {e.strerror or e}") from None
    return tuple(folder / name for name in names)


def _exchange(new: Sequence[tuple[Path, Path]], earlier: Sequence[Path], aside: Path) -> None:
    """Move files away to make room for new ones; all of it, or none."""
    kept = aside / "earlier"
    kept.mkdir()
    moved: list[tuple[Path, Path]] = []
    try:
        for start, end in (*((path, kept / path.name) for path in earlier), *new):
            if os.path.lexists(end):  # it came since the folder was looked at
                raise FileExistsError(17, f"{end.name} is there already")
            os.rename(start, end)
            moved.append((start, end))
    except OSError:
        for start, end in reversed(moved):
            with suppress(OSError):
                os.rename(end, start)
        raise
