"""How many channels at a time a unit pays for (`rules/<backend>/widths.toml`): narrowing by less saves nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from edgeplan.capability.rows import Backend, decode, rules_dir
from edgeplan.finding import Evidence

__all__ = ["Step", "Width", "cited_by_widths", "load_widths", "step_of", "width_complaints"]


class Width(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sentence: on these units, at these precisions, channels count in multiples of so many, because `why`."""

    unit: tuple[str, ...]
    multiple: int
    why: str
    source: Mapping[str, str]
    precision: tuple[str, ...] = ("*",)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    width: tuple[Width, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """The multiple that widths are brought to, why, and who says so; 1 where nobody does."""

    multiple: int = 1
    why: str = "no source says in what multiples channels count here"
    evidence: tuple[Evidence, ...] = ()


def step_of(backend: Backend, unit: str, precision: str) -> Step:
    """The multiple for a unit at a precision, by the first row that speaks of both. Raises `RulesError`."""
    for row in load_widths(backend.name):
        if unit in row.unit and ("*" in row.precision or precision in row.precision):
            return Step(row.multiple, row.why, backend.evidence(row.source))
    return Step()


def cited_by_widths(backend: Backend) -> frozenset[str]:
    """The sources that a backend's widths rest on."""
    return frozenset(key for row in load_widths(backend.name) for key in row.source)


def width_complaints(backend: Backend) -> Iterator[str]:
    """What is wrong with a backend's widths, each complaint a sentence."""
    for row in load_widths(backend.name):
        name = f"width {'/'.join(row.unit)}"
        yield from (f"{name}: {u!r} is no unit" for u in row.unit if u not in backend.units)
        yield from (f"{name}: cites {key!r}, which is no source" for key in row.source if key not in backend.sources)
        if row.multiple < 2:
            yield f"{name}: a multiple of {row.multiple} says nothing"
        if not row.why.endswith("."):
            yield f"{name}: why is no sentence"
        if not row.source:
            yield f"{name}: no source"


@lru_cache(maxsize=16)
def load_widths(name: str) -> tuple[Width, ...]:
    """The rows of a backend, in their order. Raises `RulesError` on a broken file."""
    path = rules_dir() / name / "widths.toml"
    return decode(path, _File).width if path.is_file() else ()
