"""The list beside a folder of networks: what each file stands for, and how large edgeplan finds it."""

from __future__ import annotations

import csv
import fcntl
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import edgeplan

__all__ = ["INDEX", "Entry", "check", "record"]

INDEX = "INDEX.csv"
TARGET = "pixel8"


@dataclass(frozen=True)
class Entry:
    """One file. `certain` is `sure` or `likely`; variants of one architecture share a `family`."""

    file: str
    table: str
    model: str
    gmacs: float
    params: int
    certain: str
    family: str


def check(
    path: Path, table: str, model: str, family: str, certain: str = "sure", *, counted: Path | None = None
) -> Entry:
    """Analyse the file, or `counted` in its stead; raises ValueError where a dimension is free or work is unknown."""
    found = edgeplan.analyze(str(counted or path), target=TARGET).model
    if found.free_dimensions or found.macs is None:
        raise ValueError(f"{path.name}: free dimensions {found.free_dimensions}, MACs {found.macs}")
    return Entry(path.name, table, model, round(found.macs / 1e9, 5), found.parameters, certain, family)


def record(folder: Path, entries: list[Entry]) -> None:
    """Put the entries into the folder's list in place of older ones of the same file, table and model."""
    names = [field.name for field in fields(Entry)]
    with (folder / INDEX).open("a+", newline="") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        rows = {tuple(row[:3]): tuple(row) for row in list(csv.reader(file))[1:]}
        rows.update({(e.file, e.table, e.model): astuple(e) for e in entries})
        file.seek(0)
        file.truncate()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(sorted(rows.values(), key=lambda row: (row[1], row[6], row[0], row[2])))
