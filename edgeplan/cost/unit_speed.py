"""How fast the units of a target are: as measured, by a chip that was measured, or by another backend's figures."""

from __future__ import annotations

from dataclasses import dataclass

from edgeplan.capability.rows import Backend, load_backend
from edgeplan.cost.speeds import ChipSpeed, CrossingSpeed, Penalty, Speed, all_speeds
from edgeplan.finding import Evidence
from edgeplan.target import Target

__all__ = ["Speeds", "UnitSpeed"]


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

    def charge(self, penalty: Penalty, ops: int, moved: int) -> float:
        """Seconds that a penalty adds for so many ops, which read and write so many bytes, on this chip."""
        slower = {"fixed": self.fixed, "work": 1 / self.work, "traffic": 1 / self.traffic}[penalty.scales]
        return (ops * penalty.us * 1e-6 + moved * penalty.ns_per_kb * 1e-12) * slower

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Where the figures were read or measured."""
        return self.backend.evidence(self.speed.source)


class Speeds:
    """What is known of the speed of a target's units. Raises `RulesError` on a broken file, once it is asked."""

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
        precisions = (p for s in all_speeds(self._target.backend).speed if unit in s.unit for p in s.precision)
        return next((found for p in dict.fromkeys(precisions) if (found := self.of(unit, p)) is not None), None)

    def covers(self, unit: str) -> bool:
        """Whether anything at all is known of the speed of a unit, on whatever chip."""
        file = all_speeds(self._target.backend)
        return any(unit in s.unit for s in file.speed) or any(unit in i.unit for i in file.inherit)

    def crossing(self, source: str, target: str) -> CrossingSpeed | None:
        """What a hand-over between two units takes, in either direction."""
        found = all_speeds(self._target.backend).crossing
        return next((c for c in found if set(c.units) == {source, target}), None)


def _unit_speed(
    backend: Backend, target: Target, unit: str, precision: str, widen: float, via: str
) -> UnitSpeed | None:
    file = all_speeds(backend)
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
