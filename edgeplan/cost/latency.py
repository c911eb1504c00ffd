"""How long one inference takes: kernels, crossings and what a run takes anyway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum

from edgeplan.cost.estimate import Estimate
from edgeplan.cost.families import key_of
from edgeplan.cost.flow import Flow
from edgeplan.cost.kernel_time import Bound, Clock, KernelTime
from edgeplan.cost.kernels import Kernel, kernels_of
from edgeplan.cost.unit_speed import Speeds, UnitSpeed
from edgeplan.cost.work import Work
from edgeplan.finding import Evidence
from edgeplan.graph import Graph
from edgeplan.place.partition import UNKNOWN, Crossing, Placement
from edgeplan.target import Target

__all__ = ["Latency", "UnitTime", "latency_of"]

_DOUBT_OF_UNKNOWN = 1.5
"""Widens the spread by the share of time in ops that no family has: nothing was measured of them by name."""


_SMALL = 0.05
"""Of a unit's MACs: so many may be computed at a precision that was not measured."""

_UNMEASURED_CROSSING = 2.0
"""Times the high end where units hand over in a way that nobody has measured."""


@dataclass(frozen=True, slots=True)
class UnitTime:
    """What the kernels of one unit take together, in seconds, and what of it goes to what; `floor` once a run."""

    unit: str
    kernels: int
    seconds: float
    floor: float
    by_part: Mapping[Bound, float]
    basis: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Latency:
    """The time of one inference; `total` is None where it would be a guess, and `why` says what is missing.

    `among` is the same total with a range that holds what is wrong of the network alone, not of how this chip
    compares with a measured one: two networks on one target share that. `crossings` are the seconds of all hand-
    overs between units. `elsewhere` is what the same graph would take without the accelerators, where one is used
    and that is known.
    """

    total: Estimate | None
    why: str = ""
    among: Estimate | None = None
    units: tuple[UnitTime, ...] = ()
    kernels: tuple[KernelTime, ...] = ()
    crossings: float = 0.0
    elsewhere: Estimate | None = None

    @property
    def floor(self) -> float:
        """Seconds a run takes whatever the network."""
        return fsum(u.floor for u in self.units)


def latency_of(graph: Graph, target: Target, placement: Placement, work: Sequence[Work]) -> Latency:
    """The latency of a lowered graph, one run at a time on an idle device that is warm and not throttled. Near-linear.

    There is none while sizes are open, where an op has no unit or may run on two, or a unit of the target was never
    measured, nor its like.
    """
    if not placement.units:
        return Latency(None, "nothing is left to run")
    if "" in placement.units or UNKNOWN in placement.units:
        return Latency(None, "some ops have no unit that is known to take them")
    flow = Flow(graph, work, target.precision)
    found = _run(flow, target, placement.units, placement.crossings)
    units = _off_accelerators(target, placement)
    if found.total is None or units is None:
        return found
    return replace(found, elsewhere=_run(flow, target, units, ()).total)


def _off_accelerators(target: Target, placement: Placement) -> tuple[str, ...] | None:
    """The unit of every op when no accelerator is used; None where one has none then, or none is used anyway."""
    names = [u.name for u in target.units]
    plain = [at for at, u in enumerate(target.units) if not u.accelerator]
    if not plain or not any(u.accelerator for u in target.units if u.name in set(placement.units)):
        return None
    found: list[str] = []
    for verdicts in placement.support:
        at = next((i for i in plain if verdicts[i].verdict.usable), None)
        if at is None:
            return None
        found.append(names[at])
    return tuple(found)


def _run(flow: Flow, target: Target, placed: Sequence[str], crossings: Sequence[Crossing]) -> Latency:
    """The latency of ops on those units."""
    speeds = Speeds(target)
    if not any(speeds.covers(unit) for unit in set(placed)):
        return _not_known(target, sorted(set(placed)), ())
    kernels = kernels_of(flow, placed, speeds)
    if kernels is None:
        return Latency(None, "sizes are open")
    if not kernels:
        return Latency(None, "nothing is left to run")
    used = dict.fromkeys([(k.unit, k.precision) for k in kernels])
    at = {key: _speed(speeds, kernels, *key) for key in used}
    lost = sorted({unit for (unit, _), speed in at.items() if speed is None})
    if lost:
        return _not_known(target, lost, sorted({p for u, p in used if u in lost and p}))
    known = {key: speed for key, speed in at.items() if speed is not None}
    clock = Clock(flow.graph, [s.speed for s in known.values()])
    times = tuple(clock.time(k, known[k.unit, k.precision]) for k in kernels)
    crossed, measured = _crossings(crossings, speeds)
    units = tuple(_unit_times(times, known))
    total, among = (_total(times, units, known, crossed, own) for own in (False, True))
    if not measured:
        basis = f"{total.basis}; nobody has measured its hand-overs between units: the high end is doubled"
        total, among = (e.times(1, 1, _UNMEASURED_CROSSING, basis) for e in (total, among))
    return Latency(total, "", among, units, times, crossed[1])


def _not_known(target: Target, units: Sequence[str], precisions: Sequence[str]) -> Latency:
    titles = " and ".join(target.unit(u).title for u in units)
    kinds = f" ({', '.join(precisions)})" if precisions else ""
    return Latency(
        None, f"no measured run is known of the {titles} of {target.device.chip.title}, nor of its like{kinds}"
    )


def _speed(speeds: Speeds, kernels: Sequence[Kernel], unit: str, precision: str) -> UnitSpeed | None:
    """The speed at a precision; where nobody measured it, that of what most of the unit's work is done in.

    Where the unit does no multiply-accumulates at all, any of its speeds will do.
    """
    found = speeds.of(unit, precision)
    if found is not None:
        return found
    by: dict[str, int] = {}
    for kernel in kernels:
        if kernel.unit == unit:
            by[kernel.precision] = by.get(kernel.precision, 0) + kernel.macs
    most = sum(by.values())
    if not most:
        return speeds.any(unit)
    main = max(by, key=lambda p: by[p])
    return speeds.of(unit, main) if by.get(precision, 0) <= _SMALL * most else None


def _unit_times(times: Sequence[KernelTime], at: Mapping[tuple[str, str], UnitSpeed]) -> Iterator[UnitTime]:
    for unit in dict.fromkeys(t.unit for t in times):
        mine = [t for t in times if t.unit == unit]
        speeds = {key: speed for key, speed in at.items() if key[0] == unit}
        parts: dict[Bound, float] = {
            "launch": fsum(t.launch for t in mine),
            "work": fsum(t.busy for t in mine if t.busy_with == "work"),
            "traffic": fsum(t.busy for t in mine if t.busy_with == "traffic"),
            "penalty": fsum(s for t in mine for s in t.penalties.values()),
        }
        floor = max(s.speed.floor * 1e-6 * s.fixed for s in speeds.values())
        main = speeds[unit, max(speeds, key=lambda k: fsum(t.seconds for t in mine if t.precision == k[1]))[1]]
        yield UnitTime(unit, len(mine), fsum(t.seconds for t in mine), floor, parts, main.basis, main.evidence)


def _crossings(crossings: Sequence[Crossing], speeds: Speeds) -> tuple[tuple[float, float, float], bool]:
    """Seconds of all hand-overs (low, likely, high), and whether each of them is of a kind that was measured."""
    low = likely = high = 0.0
    known = True
    for crossing in crossings:
        speed = speeds.crossing(crossing.source, crossing.target)
        if speed is None:
            known = False
            continue
        one = speed.seconds(crossing.bytes)
        low, likely, high = (total + s for total, s in zip((low, likely, high), one, strict=True))
    return (low, likely, high), known


def _total(
    times: Sequence[KernelTime],
    units: Sequence[UnitTime],
    at: Mapping[tuple[str, str], UnitSpeed],
    crossed: tuple[float, float, float],
    own: bool,
) -> Estimate:
    """The sum, each part with the spread of its unit: what is wrong of one kernel is likely wrong of the next.

    `own` leaves out what the spread was widened by for the chip.
    """
    low, likely, high = crossed
    spread = {key: s.speed.spread if own else (s.low, s.high) for key, s in at.items()}
    for unit in units:
        mine = [around for key, around in spread.items() if key[0] == unit.unit]
        low += unit.floor * min(least for least, _ in mine)
        likely += unit.floor
        high += unit.floor * max(most for _, most in mine)
    doubts: dict[tuple[tuple[str, str], str], float] = {}
    for t in times:
        key = t.unit, t.precision
        least, most = spread[key]
        doubt = doubts.get((key, t.family))
        if doubt is None:
            doubt = doubts[key, t.family] = _doubt(at[key].speed.doubt, t.family)
        low += t.seconds * least / doubt
        likely += t.seconds
        high += t.seconds * most * doubt
    basis = "; ".join(f"{u.unit}: {u.basis}" for u in units) if len(units) > 1 else units[0].basis if units else ""
    return Estimate(low, likely, high, basis)


def _doubt(doubts: Mapping[str, float], family: str) -> float:
    """What widens the spread for a family of ops."""
    found = doubts.get(key_of(doubts, family), 1.0)
    return max(found, _DOUBT_OF_UNKNOWN) if family == "other" else found
