"""What sources say of a rewrite on each backend, from `rules/rewrites`: where it pays, and where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import msgspec

from edgeplan.capability.rows import Backend, backend_names, load_backend, rules_dir
from edgeplan.capability.rows import decode as decode_rules
from edgeplan.finding import Evidence

__all__ = ["Known", "cited_by_rewrites", "cured_rows", "examples_of", "known_of"]


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    backend: str
    says: str
    source: Mapping[str, str]
    units: tuple[str, ...] = ()


class _Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rows: tuple[str, ...]
    model: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    gain: tuple[_Entry, ...] = ()
    nothing: tuple[_Entry, ...] = ()
    example: tuple[_Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What sources say of a rewrite on one backend, on `units` of it (all when empty); `pays` is False for no gain."""

    backend: str
    units: tuple[str, ...]
    pays: bool
    says: str
    evidence: tuple[Evidence, ...]


@cache
def _read(name: str) -> _File:
    path = rules_dir() / "rewrites" / f"{name}.toml"
    return decode_rules(path, _File) if path.is_file() else _File()


def examples_of(name: str) -> Mapping[str, tuple[str, ...]]:
    """Models in ONNX text that a rewrite cures, by the row (`coreml/ane/conv-dilated`) it takes away there."""
    found: dict[str, list[str]] = {}
    for example in _read(name).example:
        for row in example.rows:
            found.setdefault(row, []).append(example.model)
    return {row: tuple(models) for row, models in found.items()}


@cache
def known_of(name: str) -> tuple[Known, ...]:
    """What is known of a rewrite; empty where no source speaks of it. Raises `RulesError` for a file that is none."""
    read = _read(name)
    return tuple(_known(e, pays) for entries, pays in ((read.gain, True), (read.nothing, False)) for e in entries)


def _known(entry: _Entry, pays: bool) -> Known:
    return Known(entry.backend, entry.units, pays, entry.says, load_backend(entry.backend).evidence(entry.source))


@cache
def cured_rows() -> Mapping[str, tuple[str, ...]]:
    """The rows that name each rewrite as their fix, by the rewrite's name."""
    found: dict[str, list[str]] = {}
    for backend in (load_backend(name) for name in backend_names()):
        for row in backend.rows:
            for fix in row.fix:
                found.setdefault(fix.removeprefix("rewrite/"), []).append(backend.row_id(row))
    return {name: tuple(rows) for name, rows in found.items()}


def cited_by_rewrites(backend: Backend) -> frozenset[str]:
    """The sources of a backend that what is said of rewrites rests on."""
    names = [path.stem for path in sorted((rules_dir() / "rewrites").glob("*.toml"))]
    said = [entry for name in names for entry in (*_read(name).gain, *_read(name).nothing)]
    return frozenset(key for entry in said if entry.backend == backend.name for key in entry.source)
