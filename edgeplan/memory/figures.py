"""The figures a runtime's memory profile rests on, as they stand in `rules/<backend>/memory.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

import msgspec

from edgeplan.capability.rows import Backend, decode, rules_dir
from edgeplan.finding import Evidence
from edgeplan.memory.range import Range

__all__ = ["Figures", "MemoryFigure", "all_figures", "cited", "load_figures"]

_BYTES = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


class MemoryFigure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A range with its unit (`1` for a bare ratio), why it is so, and where it was read or measured.

    `since` and `until` are the releases it speaks of, open where empty.
    """

    likely: float
    unit: Literal["B", "KiB", "MiB", "GiB", "1"]
    kind: Literal["computed", "estimated", "measured"]
    why: str
    source: Mapping[str, str]
    low: float | None = None
    high: float | None = None
    since: str = ""
    until: str = ""

    def bounds(self) -> tuple[float, float, float]:
        """Low, likely and high, in the figure's own unit."""
        low = self.likely if self.low is None else self.low
        return low, self.likely, self.likely if self.high is None else self.high

    @property
    def bytes(self) -> Range:
        """The range of a size."""
        return self.of(_BYTES[self.unit])

    def of(self, whole: int) -> Range:
        """That many times `whole`, a number of bytes."""
        low, likely, high = (round(bound * whole) for bound in self.bounds())
        return Range(low, likely, high)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    figure: Mapping[str, tuple[MemoryFigure, ...]] = {}


class Figures:
    """A backend's memory figures at one release. Built by `load_figures`; read-only."""

    def __init__(self, backend: Backend, release: str, found: Mapping[str, tuple[MemoryFigure, ...]]) -> None:
        self._backend = backend
        self._release = release
        self._found = found

    def get(self, name: str) -> MemoryFigure | None:
        """The figure of that name that speaks of the release; None when none does."""
        covers = self._backend.covers
        return next((f for f in self._found.get(name, ()) if covers(f.since, f.until, self._release)), None)

    def __getitem__(self, name: str) -> MemoryFigure:
        """The same where there must be one. Raises `KeyError`."""
        found = self.get(name)
        if found is None:
            raise KeyError(f"{self._backend.name} has no memory figure {name!r} for {self._release}")
        return found

    def evidence(self, *names: str) -> tuple[Evidence, ...]:
        """The sources of these figures, each once."""
        found = (e for name in names for e in self._backend.evidence(self[name].source))
        return tuple(dict.fromkeys(found))


def load_figures(backend: Backend, release: str) -> Figures:
    """Read a backend's memory figures; none when it has no such file. Raises `RulesError` on a broken one."""
    return Figures(backend, release, _read(backend.name).figure)


def all_figures(backend: Backend) -> Mapping[str, tuple[MemoryFigure, ...]]:
    """Every figure of a backend by its name, whatever release it speaks of. Raises `RulesError` on a broken file."""
    return _read(backend.name).figure


def cited(backend: Backend) -> frozenset[str]:
    """The sources that a backend's figures rest on."""
    return frozenset(key for found in all_figures(backend).values() for figure in found for key in figure.source)


@lru_cache(maxsize=16)
def _read(name: str) -> _File:
    path = rules_dir() / name / "memory.toml"
    return decode(path, _File) if path.is_file() else _File()
