"""How fast units are: the figures of `rules/<backend>/latency/*.toml`, scaled to the target's chip."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import msgspec

from edgeplan.capability.rows import Backend, RulesError, load_backend, rules_dir
from edgeplan.finding import Evidence
from edgeplan.target import Target

__all__ = ["ChipSpeed", "CrossingSpeed", "Fit", "Penalty", "Speed", "Speeds", "UnitSpeed", "all_speeds", "load_speeds"]


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
    """What a unit rounds up to: channels in and out of a contraction, bytes of the last axis of a value."""

    input: int = 1
    output: int = 1
    row: int = 1


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


class Inherit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Units that are driven much alike by another backend, whose speeds then stand for theirs, `widen` as of a chip.

    `precision` says what a precision is called there, where floats are computed narrower than they are stored.
    """

    backend: str
    unit: Mapping[str, str]
    widen: float
    why: str
    precision: Mapping[str, str] = {}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    speed: tuple[Speed, ...] = ()
    chip: tuple[ChipSpeed, ...] = ()
    crossing: tuple[CrossingSpeed, ...] = ()
    inherit: tuple[Inherit, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitSpeed:
    """A speed on the chip of the target: factors of work, traffic and fixed times, and the spread that is left."""

    speed: Speed
    backend: Backend
    work: float
    traffic: float
    fixed: float
    low: float
    high: float
    basis: str

    def slows(self, penalty: Penalty) -> float:
        """How many times as long a penalty is on this chip as on the one measured."""
        return {"fixed": self.fixed, "work": 1 / self.work, "traffic": 1 / self.traffic}[penalty.scales]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Where the figures were read or measured."""
        return self.backend.evidence(self.speed.source)


class Speeds:
    """What is known of the speed of a target's units. Built by `load_speeds`; read-only."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._found: dict[tuple[str, str], UnitSpeed | None] = {}

    def of(self, unit: str, precision: str) -> UnitSpeed | None:
        """The speed of a unit at a precision (`float16`, `int8`, ...); None when nobody has measured its like."""
        key = unit, precision
        if key not in self._found:
            self._found[key] = _unit_speed(self._target.backend, self._target, unit, precision, 1.0, "")
        return self._found[key]

    def any(self, unit: str) -> UnitSpeed | None:
        """The speed of a unit at whatever precision: what has no multiply-accumulates takes much the same at each."""
        precisions = (p for s in _read(self._target.backend.name).speed if unit in s.unit for p in s.precision)
        return next((found for p in dict.fromkeys(precisions) if (found := self.of(unit, p)) is not None), None)

    def bits(self, unit: str) -> int:
        """The bits that floats take on a unit; 0 where they are as stored."""
        file = _read(self._target.backend.name)
        return next((s.bits for s in file.speed if unit in s.unit and s.bits), 0)

    def covers(self, unit: str) -> bool:
        """Whether anything at all is known of the speed of a unit, on whatever chip."""
        file = _read(self._target.backend.name)
        return any(unit in s.unit for s in file.speed) or any(unit in i.unit for i in file.inherit)

    def crossing(self, source: str, target: str) -> CrossingSpeed | None:
        """What a hand-over between two units takes, in either direction."""
        found = _read(self._target.backend.name).crossing
        return next((c for c in found if set(c.units) == {source, target}), None)


def _unit_speed(
    backend: Backend, target: Target, unit: str, precision: str, widen: float, via: str
) -> UnitSpeed | None:
    file = _read(backend.name)
    names = target.device.id, target.device.chip_id
    covers = target.backend.covers
    own = backend is target.backend

    def speaks(entry: Speed | ChipSpeed) -> bool:
        return unit in entry.unit and (not own or covers(entry.since, entry.until, target.release))

    speeds = [s for s in file.speed if speaks(s) and precision in s.precision]
    for name in names:
        for speed in speeds:
            if name in speed.chips:
                return _scaled(speed, backend, None, widen, via, target)
        for scale in file.chip:
            if scale.chip == name and speaks(scale) and (not scale.precision or precision in scale.precision):
                for speed in speeds:
                    if scale.like in speed.chips:
                        return _scaled(speed, backend, scale, widen, via, target)
    for link in file.inherit:
        if unit in link.unit:
            other = load_backend(link.backend)
            there = link.precision.get(precision, precision)
            found = _unit_speed(other, target, link.unit[unit], there, widen * link.widen, link.why)
            if found is not None:
                return found
    return None


def _scaled(
    speed: Speed, backend: Backend, scale: ChipSpeed | None, widen: float, via: str, target: Target
) -> UnitSpeed:
    fit = speed.fit
    device = target.device
    by_device = device.id in (speed.chips if scale is None else (scale.chip,))
    title = device.title if by_device else device.chip.title
    where = f"{title}, {scale.why}" if scale and not scale.measured else title
    basis = f"fitted on {fit.rows:,} runs of {fit.models:,} networks ({fit.table}): {where}"
    power = widen * (scale.widen if scale else 1.0)
    return UnitSpeed(
        speed,
        backend,
        scale.work if scale else 1.0,
        scale.traffic if scale else 1.0,
        scale.fixed if scale else 1.0,
        speed.spread[0] ** power,
        speed.spread[1] ** power,
        f"{basis}; {via}" if via else basis,
    )


def load_speeds(target: Target) -> Speeds:
    """What is known of the speed of the target's units. Raises `RulesError` on a broken file, once it is asked."""
    return Speeds(target)


def all_speeds(backend: Backend) -> tuple[tuple[Speed, ...], tuple[ChipSpeed, ...], tuple[CrossingSpeed, ...]]:
    """All that stands in a backend's file. Raises `RulesError` on a broken one."""
    file = _read(backend.name)
    return file.speed, file.chip, file.crossing


@lru_cache(maxsize=16)
def _read(name: str) -> _File:
    files: list[_File] = []
    for path in sorted((rules_dir() / name / "latency").glob("*.toml")):
        where = f"{name}/latency/{path.name}"
        try:
            files.append(msgspec.convert(tomllib.loads(path.read_text("utf-8")), _File))
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as e:
            raise RulesError(f"{where}: {e}") from None
        for speed in files[-1].speed:
            _check(where, speed)
    return _File(
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
