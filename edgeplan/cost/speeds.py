"""How fast units are, as measured: the figures of `rules/<backend>/latency/*.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

import msgspec

from edgeplan.capability.rows import Backend, RulesError, decode, rules_dir

__all__ = [
    "ChipSpeed",
    "CrossingSpeed",
    "Fit",
    "Inherit",
    "Penalty",
    "Speed",
    "SpeedFile",
    "all_speeds",
]


class Penalty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Time that ops take beside what their work says: `us` each, `ns_per_kb` of what they read and write.

    `ops`, `when` and `unless` speak of ops as rows do. On another chip it goes by how that chip's fixed times, work or
    traffic compare, as `scales` says.
    """

    name: str
    ops: tuple[str, ...]
    why: str
    source: Mapping[str, str]
    when: Mapping[str, Any] = {}
    unless: Mapping[str, Any] = {}
    us: float = 0.0
    ns_per_kb: float = 0.0
    scales: Literal["fixed", "work", "traffic"] = "fixed"


class Align(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a unit rounds up to: channels in and out of a contraction, bytes of the last axis of a value.

    Input channels of at most `packed` are packed with the taps of the filter, and their product is rounded up.
    """

    input: int = 1
    output: int = 1
    row: int = 1
    packed: int = 0


class Fit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where fitted figures come from, and how well they hold on models they were not fitted on.

    `error` is the median of |predicted / measured - 1|, `rank` Spearman's correlation, `covered` the share of
    measurements within the range, all of grouped cross-validation; `models` and `rows` count what was measured.
    """

    table: str
    script: str
    models: int
    rows: int
    error: float
    rank: float
    covered: float


class Speed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A unit at one precision: a kernel takes a launch, and its work or its traffic, whichever is longer.

    By family, with `*` for all others: `launch` in microseconds, `gmacs` multiply-accumulates in 10^9 a second,
    `gbytes` 10^9 bytes a second of values (`weights` of weights, `near` of values of at most `near_bytes`, which
    stay on the chip). `overlap` is how far work hides traffic: 1 not at all, large values wholly. `floor` in
    microseconds is what a run takes whatever the network. `bits` is what floats take where the unit computes them
    narrower than they are stored. `fuses` are families that join the kernel that makes what they read; with
    `regions` though others read it too, with `gates` where those end in one op, as `x * sigmoid(x)` does. `spread`
    are the factors between which 80 % of the held-out measurements lay; `doubt` widens it by the share of time in
    families less well known.
    """

    unit: tuple[str, ...]
    precision: tuple[str, ...]
    chips: tuple[str, ...]
    launch: Mapping[str, float]
    gmacs: Mapping[str, float]
    gbytes: Mapping[str, float]
    spread: tuple[float, float]
    fit: Fit
    source: Mapping[str, str]
    floor: float = 0.0
    overlap: float = 8.0
    bits: int = 0
    near_bytes: int = 0
    align: Align = Align()
    fuses: tuple[str, ...] = ()
    regions: bool = False
    gates: bool = True
    doubt: Mapping[str, float] = {}
    penalty: tuple[Penalty, ...] = ()
    note: str = ""
    since: str = ""
    until: str = ""


class ChipSpeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A chip, or a device by its id, by a measured one: so many times its rate of work and of traffic, its fixed times.

    `widen` is the power to which the spread is raised. `measured` says whether the factors were fitted on runs of this
    chip; else they are carried over, and `why` says from what. `since` and `until` are releases of the runtime.
    """

    chip: str
    unit: tuple[str, ...]
    like: str
    why: str
    source: Mapping[str, str]
    precision: tuple[str, ...] = ()
    work: float = 1.0
    traffic: float = 1.0
    fixed: float = 1.0
    widen: float = 1.0
    measured: bool = False
    since: str = ""
    until: str = ""


class CrossingSpeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it takes to hand over from one unit to another: `us` a time (low, likely, high), 10^9 bytes a second."""

    units: tuple[str, str]
    us: tuple[float, float, float]
    gbytes: float
    why: str
    source: Mapping[str, str]

    def seconds(self, moved: int | None) -> tuple[float, float, float]:
        """One hand-over of so many bytes: low, likely, high. Bytes that nobody knows take no time."""
        copy = (moved or 0) / (self.gbytes * 1e9)
        low, likely, high = (us * 1e-6 + copy for us in self.us)
        return low, likely, high


class Inherit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Units that are driven much alike by another backend, whose speeds then stand for theirs, `widen` as of a chip.

    `precision` says what a precision is called there, where floats are computed narrower than they are stored. There is
    no source where it is only assumed that they are alike.
    """

    backend: str
    unit: Mapping[str, str]
    widen: float
    why: str
    precision: Mapping[str, str] = {}
    source: Mapping[str, str] = {}


class SpeedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in the files of a backend, taken together."""

    speed: tuple[Speed, ...] = ()
    chip: tuple[ChipSpeed, ...] = ()
    crossing: tuple[CrossingSpeed, ...] = ()
    inherit: tuple[Inherit, ...] = ()


def all_speeds(backend: Backend) -> SpeedFile:
    """All that is known of a backend's units, on whatever chip. Raises `RulesError` on a broken file."""
    return _read(backend.name)


@lru_cache(maxsize=16)
def _read(name: str) -> SpeedFile:
    files: list[SpeedFile] = []
    for path in sorted((rules_dir() / name / "latency").glob("*.toml")):
        where = f"{name}/latency/{path.name}"
        files.append(decode(path, SpeedFile, where))
        for speed in files[-1].speed:
            _check(where, speed)
    return SpeedFile(
        tuple(s for f in files for s in f.speed),
        tuple(c for f in files for c in f.chip),
        tuple(c for f in files for c in f.crossing),
        tuple(i for f in files for i in f.inherit),
    )


def _check(where: str, speed: Speed) -> None:
    low, high = speed.spread
    rates = (*speed.gmacs.values(), *speed.gbytes.values())
    if not 0 < low <= 1 <= high or any(r <= 0 for r in rates) or speed.overlap < 1:
        raise RulesError(f"{where}: {'+'.join(speed.unit)}: spreads enclose 1, rates are positive")
    for table, needed in ((speed.launch, "*"), (speed.gmacs, "*"), (speed.gbytes, "*"), (speed.gbytes, "weights")):
        if needed not in table:
            raise RulesError(f"{where}: {'+'.join(speed.unit)}: a table has no {needed!r}")
