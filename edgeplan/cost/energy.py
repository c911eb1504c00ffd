"""What one inference takes from the battery: its time, and what the units draw meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, hypot, log

from edgeplan.cost.estimate import Estimate
from edgeplan.cost.latency import Latency, UnitTime
from edgeplan.cost.power import Power, Scope, power_of_unit
from edgeplan.finding import Evidence
from edgeplan.target import Target

__all__ = ["Energy", "UnitEnergy", "energy_of"]

_SMALL = 0.05
"""Of the time: so much may be spent on units whose power nobody knows."""

_SAYS: Mapping[Scope, str] = {
    "unit": "the {title} alone, without memory",
    "chip": "the whole chip",
    "module": "the module with its memory",
    "board": "the whole device",
}


@dataclass(frozen=True, slots=True)
class UnitEnergy:
    """The joules that go with one unit's time, and the watts they rest on; `counted` says what was metered."""

    unit: str
    joules: float
    watts: tuple[float, float, float]
    counted: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Energy:
    """The joules of one inference among many back to back; `total` is None where it would be a guess, and `why` says
    what is missing.
    """

    total: Estimate | None
    why: str = ""
    units: tuple[UnitEnergy, ...] = ()


def energy_of(latency: Latency, target: Target) -> Energy:
    """The energy of an inference that takes `latency` on a target, while nothing else runs.

    There is none without a latency, nor where the unit that most of the time goes to was never metered, nor its like.
    A figure of a chip, a module or a board holds for all of the time, whatever unit computes.
    """
    if latency.total is None:
        return Energy(None, f"no latency is known: {latency.why}")
    spent = [(u, u.seconds + u.floor) for u in latency.units]
    if not spent:
        return Energy(None, "nothing runs")
    main, _ = max(spent, key=lambda s: s[1])
    known = {u.unit: found for u, _ in spent if (found := _power(latency, target, u)) is not None}
    if main.unit not in known:
        return Energy(None, _nobody(target, main.unit))
    if known[main.unit].of != "unit":
        return _energy(latency.total, target, [(main.unit, known[main.unit], latency.total.likely)])
    unknown = [u for u, seconds in spent if u.unit not in known and seconds > _SMALL * latency.total.likely]
    if unknown:
        return Energy(None, _nobody(target, unknown[0].unit))
    return _energy(latency.total, target, [(u.unit, known[u.unit], seconds) for u, seconds in spent if u.unit in known])


def _power(latency: Latency, target: Target, unit: UnitTime) -> Power | None:
    """By the precision that most of the unit's time goes to."""
    by: dict[str, float] = {}
    for kernel in latency.kernels:
        if kernel.unit == unit.unit:
            by[kernel.precision] = by.get(kernel.precision, 0.0) + kernel.seconds
    return power_of_unit(target, unit.unit, max(by, key=lambda p: by[p]) if by else "")


def _nobody(target: Target, unit: str) -> str:
    return f"nobody has metered the {target.unit(unit).title} of {target.device.title}, nor its like"


def _energy(time: Estimate, target: Target, parts: list[tuple[str, Power, float]]) -> Energy:
    """The sum over units. Time and power err independently: their ranges, as factors, add in quadrature."""
    units = tuple(
        UnitEnergy(
            unit,
            power.watts[1] * seconds,
            power.watts,
            _counted(target, unit, power),
            target.backend.evidence(power.source),
        )
        for unit, power, seconds in parts
    )
    likely = sum(u.joules for u in units)
    least = sum(u.joules * u.watts[0] / u.watts[1] for u in units)
    most = sum(u.joules * u.watts[2] / u.watts[1] for u in units)
    if not likely:
        return Energy(None, "nothing runs")
    low = likely * exp(-hypot(log(time.likely / time.low), log(likely / least)))
    high = likely * exp(hypot(log(time.high / time.likely), log(most / likely)))
    basis = "; ".join(dict.fromkeys(f"{u.watts[0]:g} to {u.watts[2]:g} W, {u.counted}" for u in units))
    return Energy(Estimate(low, likely, high, basis), "", units)


def _counted(target: Target, unit: str, power: Power) -> str:
    what = _SAYS[power.of].format(title=target.unit(unit).title)
    return f"{what}, {'idle included' if power.idle else 'above idle'}: {power.why}"
