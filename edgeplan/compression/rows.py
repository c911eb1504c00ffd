"""The rows of `rules/<backend>/compression.toml`: which schemes of compression a runtime and its tools take."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal

import msgspec

from edgeplan.capability.rows import Backend, Range, decode, rules_dir

__all__ = ["CompressionRow", "SpeedRow", "cited_by_compression", "load_compression", "load_speeds"]


class _OfSchemes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    names: tuple[str, ...]

    def names_scheme(self, name: str) -> bool:
        """Whether the row speaks of the scheme of that name."""
        return any(fnmatchcase(name, pattern) for pattern in self.names)


class CompressionRow(_OfSchemes, frozen=True, forbid_unknown_fields=True):
    """One sentence: since a release, a model compressed by such a scheme runs, degrades or cannot be, because `why`;
    or what it gives is unknown.

    `names` are names of schemes, with `*` and `?` as in file names. `units` run it; none named is every unit that runs
    the model. Weights of fewer than `min_elements` elements, or of other ops than `ops`, stay as they are. The row
    speaks only of targets that use a unit `on`, of a `generation`, with `features` and none of `lacks`.
    """

    source: Mapping[str, str]
    verdict: Literal["takes", "degrades", "cannot", "unknown"] = "takes"
    units: tuple[str, ...] = ()
    min_elements: int = 0
    ops: tuple[str, ...] = ("*",)
    why: str = ""
    since: str = ""
    until: str = ""
    on: tuple[str, ...] = ()
    generation: Range = Range()
    features: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    against: Mapping[str, str] = {}


class SpeedRow(_OfSchemes, frozen=True, forbid_unknown_fields=True):
    """One sentence: a model with weights compressed by such a scheme took so many `times` as long as in floats, `why`.

    `times` is the least, the middle and the most that was measured of whole networks, on the units named by `on`. It
    speaks of networks that wait for their `weights` at least so much of the time (0 to 1), and of the same releases and
    units as a `CompressionRow` does.
    """

    on: tuple[str, ...]
    times: tuple[float, float, float]
    why: str
    source: Mapping[str, str]
    weights: float = 0.0
    since: str = ""
    until: str = ""
    generation: Range = Range()
    features: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    scheme: tuple[CompressionRow, ...] = ()
    cannot: tuple[CompressionRow, ...] = ()
    unknown: tuple[CompressionRow, ...] = ()
    speed: tuple[SpeedRow, ...] = ()


def load_compression(backend: Backend) -> tuple[CompressionRow, ...]:
    """A backend's rows, those that say `cannot` or `unknown` first; none when it has no such file.

    Raises `RulesError` on a broken one.
    """
    file = _read(backend.name)
    cannot = (msgspec.structs.replace(row, verdict="cannot") for row in file.cannot)
    unknown = (msgspec.structs.replace(row, verdict="unknown") for row in file.unknown)
    return (*cannot, *unknown, *file.scheme)


def load_speeds(backend: Backend) -> tuple[SpeedRow, ...]:
    """What is known of the speed of a backend's compressed models, in the order of its file. Raises `RulesError`."""
    return _read(backend.name).speed


def cited_by_compression(backend: Backend) -> frozenset[str]:
    """The sources that a backend's rows of compression rest on."""
    rows = (
        *((r.source, r.against) for r in load_compression(backend)),
        *((r.source, {}) for r in load_speeds(backend)),
    )
    return frozenset(key for source, against in rows for key in (*source, *against))


@lru_cache(maxsize=16)
def _read(name: str) -> _File:
    path = rules_dir() / name / "compression.toml"
    return decode(path, _File) if path.is_file() else _File()
