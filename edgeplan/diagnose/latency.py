"""Findings about time: EP301 to EP309."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import fsum

from edgeplan.cost.estimate import Estimate
from edgeplan.cost.kernel_time import KernelTime
from edgeplan.cost.speeds import Penalty
from edgeplan.cost.unit_speed import Speeds
from edgeplan.diagnose.case import Case, ops_of
from edgeplan.finding import Evidence, Finding, Severity, confidence
from edgeplan.place.partition import UNKNOWN
from edgeplan.units import count, say_bytes, say_percent, say_seconds

__all__ = ["latency_findings"]

FIXED = 2 / 3
"""Of the time: from there on, halving all layers saves less than a sixth, which no estimate here can tell from none."""

FEWER = 0.25
"""Of the time, in launches: about the range of an estimate, so that launching far fewer kernels would be seen."""

TRAFFIC = 0.6
"""Of a unit's time: then even layers without any arithmetic would save less than what moving their bytes takes."""

NOTABLE_UNIT = 0.2
"""Of the time: what goes on in a unit that takes less is no reason to change a model."""

NAMED = 0.8
"""Of the time that is told of: the kernels that together take as much are named, slowest first."""

CROSSINGS = 0.25
"""Of the time: about the range of an estimate, so that joining the parts would be seen in a measurement."""

STRUCTURAL = 0.15
"""Of the time, all penalties together."""

NOTABLE_PENALTY = 0.05
"""Of the time: a penalty that takes less is not named."""

HEAVY_PENALTY = 1 / 3
"""Of the time: without such a one the model would surely be seen to be faster, whatever the range of the estimate."""

IDLE = 0.25
"""Of the multiply-accumulates that a unit goes through: they multiply the zeros that fill up its channels."""


def latency_findings(case: Case) -> Iterator[Finding]:
    """What the time goes to where it goes to one thing, and what holds it beside the budget or the CPU."""
    total = case.latency.total
    if total is None:
        yield from _not_known(case)
        return
    yield from _beside_the_budget(case, total)
    if not total.likely:
        return
    yield from _fixed(case, total)
    yield from _traffic(case, total)
    yield from _crossings(case, total)
    yield from _slower_than_cpu(case, total)
    yield from _structural(case, total)
    yield from _idle(case, total)


def _not_known(case: Case) -> Iterator[Finding]:
    """Once a budget hangs on it, else only where no other finding says the same: of sizes and of ops without a unit."""
    why = case.latency.why
    if case.latency_budget is not None:
        message = f"whether it takes {say_seconds(case.latency_budget)} at most is not known: {why}"
        yield case.finding("EP303", message, severity=Severity.WARNING)
        return
    open_ = bool(case.free or case.memory.unsized) or any(w.macs is None or w.moved is None for w in case.work)
    told = open_ or any(u in ("", UNKNOWN) for u in case.placement.units)
    speeds = Speeds(case.target)
    if not told and any(speeds.covers(unit.name) for unit in case.target.units):
        yield case.finding("EP303", why)


def _beside_the_budget(case: Case, total: Estimate) -> Iterator[Finding]:
    budget = case.latency_budget
    if budget is None:
        return
    limit = f"the budget is {say_seconds(budget)}"
    if total.likely > budget:
        takes = "takes" if total.low > budget else "likely takes"
        yield _of_all(case, "EP301", f"{takes} {total.said()}, {limit}")
    elif total.high > budget:
        yield _of_all(case, "EP302", f"may take up to {say_seconds(total.high)}, {limit}")


def _fixed(case: Case, total: Estimate) -> Iterator[Finding]:
    """A run's floor and its launches: what no narrower layer saves."""
    floor, launches = case.latency.floor, fsum(t.launch for t in case.latency.kernels)
    if floor + launches < FIXED * total.likely:
        return
    share = say_percent((floor + launches) / total.likely)
    kernels = count(len(case.latency.kernels), "kernel")
    parts = f"{say_seconds(floor)} that any run takes, {say_seconds(launches)} to launch {kernels}"
    cure = ", one of fewer layers may" if launches > FEWER * total.likely else ""
    message = f"{share} of the time hangs on no layer's size ({parts}): a smaller model will not be faster{cure}"
    yield _of_all(case, "EP304", message)


def _traffic(case: Case, total: Estimate) -> Iterator[Finding]:
    """Units that wait for memory most of the time, and for what: weights, or values between the kernels."""
    for unit in case.latency.units:
        mine = [t for t in case.latency.kernels if t.unit == unit.unit and t.busy_with == "traffic"]
        seconds, whole = fsum(t.busy for t in mine), unit.seconds + unit.floor
        if whole < NOTABLE_UNIT * total.likely or seconds < TRAFFIC * whole:
            continue
        moved, weights = sum(t.moved for t in mine), sum(t.weights for t in mine)
        title = case.target.unit(unit.unit).title
        what = f"{say_bytes(moved)} a run, {say_percent(weights / moved)} of them weights"
        share = say_percent(seconds / whole)
        message = f"{share} of the time on the {title} goes to moving bytes ({what}): fewer MACs alone will not help"
        yield case.finding("EP305", message, _ops(_slowest(mine, lambda t: t.busy)), evidence=unit.evidence)


def _crossings(case: Case, total: Estimate) -> Iterator[Finding]:
    seconds = case.latency.crossings
    if seconds < CROSSINGS * total.likely:
        return
    crossings = count(len(case.placement.crossings), "hand-over")
    share = say_percent(seconds / total.likely)
    yield case.finding("EP306", f"{share} of the time ({say_seconds(seconds)}) goes to {crossings} between units")


def _slower_than_cpu(case: Case, total: Estimate) -> Iterator[Finding]:
    """Only where the ranges do not meet: else it is not known which is faster."""
    alone = case.latency.elsewhere
    running = {unit.unit for unit in case.latency.units}
    used = " and the ".join(u.title for u in case.target.units if u.accelerator and u.name in running)
    if not used or alone is None or total.low <= alone.high:
        return
    message = f"takes {total.said()} with the {used}, {alone.said()} without"
    yield _of_all(case, "EP307", message)


def _structural(case: Case, total: Estimate) -> Iterator[Finding]:
    """Penalties by name, with their reason: what a graph pays for how it is written."""
    found: dict[tuple[str, str], list[KernelTime]] = {}
    for time in case.latency.kernels:
        for name in time.penalties:
            found.setdefault((time.unit, name), []).append(time)
    seconds = {key: fsum(t.penalties[key[1]] for t in times) for key, times in found.items()}
    if fsum(seconds.values()) < STRUCTURAL * total.likely:
        return
    for (unit, name), times in found.items():
        took = seconds[unit, name]
        if took < NOTABLE_PENALTY * total.likely:
            continue
        penalty, evidence = _penalty(case, unit, name)
        ops = [i for i in _ops(times) if case.graph.ops[i].label in penalty.ops]
        cost = f"{say_percent(took / total.likely)} of the time ({say_seconds(took)})"
        verb = "costs" if len(ops) == 1 else "cost"
        message = f"{ops_of(case.graph, ops)} {verb} {cost} on the {case.target.unit(unit).title}: {penalty.why}"
        severity = Severity.WARNING if took > HEAVY_PENALTY * total.likely else Severity.NOTE
        trust = confidence(evidence)
        yield case.finding("EP308", message, ops, evidence=evidence, confidence=trust, severity=severity)


def _penalty(case: Case, unit: str, name: str) -> tuple[Penalty, tuple[Evidence, ...]]:
    """A penalty of a unit by its name, and where it was read or measured."""
    speeds = Speeds(case.target)
    precisions = dict.fromkeys(t.precision for t in case.latency.kernels if t.unit == unit)
    at = [found for p in precisions if (found := speeds.of(unit, p)) is not None]
    return next((p, a.backend.evidence(p.source)) for a in at for p in a.speed.penalty if p.name == name)


def _idle(case: Case, total: Estimate) -> Iterator[Finding]:
    """Kernels bound by their work whose channels fill the unit's lanes badly."""
    for unit in case.latency.units:
        mine = [t for t in case.latency.kernels if t.unit == unit.unit and t.busy_with == "work"]
        aligned, macs = fsum(t.aligned for t in mine), sum(t.macs for t in mine)
        seconds = fsum(t.busy for t in mine)
        if seconds < NOTABLE_UNIT * total.likely or aligned - macs < IDLE * aligned:
            continue
        wasted = _slowest([t for t in mine if t.aligned > t.macs], lambda t: t.busy * (1 - t.macs / t.aligned))
        share = say_percent(1 - macs / aligned)
        title = case.target.unit(unit.unit).title
        message = f"{share} of the arithmetic on the {title} works on zeros that fill up channels"
        yield case.finding("EP309", message, _ops(wasted), evidence=unit.evidence)


def _slowest(times: Sequence[KernelTime], seconds: Callable[[KernelTime], float]) -> list[KernelTime]:
    """The slowest, until they take most of the time that all of them do."""
    found: list[KernelTime] = []
    left = NAMED * fsum(map(seconds, times))
    for time in sorted(times, key=seconds, reverse=True):
        if left <= 0:
            break
        found.append(time)
        left -= seconds(time)
    return found


def _ops(times: Sequence[KernelTime]) -> list[int]:
    return [i for t in times for i in t.ops]


def _of_all(case: Case, code: str, message: str) -> Finding:
    """A finding about the whole time, with the sources of all units' figures."""
    evidence = tuple(dict.fromkeys(e for u in case.latency.units for e in u.evidence))
    return case.finding(code, message, evidence=evidence, confidence=confidence(evidence))
