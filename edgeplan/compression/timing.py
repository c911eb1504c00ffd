"""How long a compressed model takes: as planned where its arithmetic changes, else as somebody has measured it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum

from edgeplan.compression.offers import speaks
from edgeplan.compression.rows import SpeedRow, load_speeds
from edgeplan.cost.estimate import Estimate
from edgeplan.diagnose.case import Case
from edgeplan.diagnose.compression import Hindrance, hindrance
from edgeplan.lower.scheme import Scheme

__all__ = ["Timed", "timed"]


@dataclass(frozen=True, slots=True)
class Timed:
    """The time of a compressed model, and how many `times` that of the same model in the runtime's own floats it is.

    `why` says what the figure rests on, or what is missing; `hindrance` what keeps the model from being faster.
    """

    total: Estimate | None
    why: str
    times: Estimate | None = None
    hindrance: Hindrance | None = None


def timed(scheme: Scheme, before: Case, after: Case) -> Timed:
    """The time of the model `after` a scheme was applied to it, by that `before`, on the same target.

    Where activations have fewer bits the arithmetic is another, of which the planner has measured rates. Where only
    weights have, it is the same behind an expansion: what that costs or saves is told by rows of measurements alone.
    """
    old, new = before.latency.total, after.latency.total
    if old is None:
        return Timed(None, before.latency.why)
    if scheme.activations or (scheme.form == "float" and not scheme.sparsity):
        if new is None:
            return Timed(None, after.latency.why)
        same = (new.low, new.likely, new.high) == (old.low, old.likely, old.high)
        times = Estimate(1, 1, 1, "the same plan") if same else new.over(old) if min(old.low, new.low) > 0 else None
        return Timed(new, new.basis, times, hindrance(before, after))
    return _by_rows(scheme, before, after, old)


def _by_rows(scheme: Scheme, before: Case, after: Case, old: Estimate) -> Timed:
    """The time in floats, scaled as it was measured to be on each unit that multiplies."""
    waiting = _waiting(before)
    rows = {unit: _row(scheme, after, unit, waiting.get(unit, 0.0)) for unit in dict.fromkeys(_multiplying(after))}
    for unit, row in rows.items():
        if row is None:
            title = after.target.unit(unit).title
            return Timed(None, f"nobody has published what such weights take on the {title} beside floats")
    found = [(unit, row) for unit, row in rows.items() if row is not None]
    if not found:
        return Timed(old, "nothing is multiplied", Estimate(1, 1, 1, "nothing is multiplied"))
    seconds = {u.unit: u.seconds + u.floor for u in before.latency.units}
    weight = {unit: seconds.get(unit, 0.0) / (fsum(seconds.get(u, 0.0) for u, _ in found) or 1.0) for unit, _ in found}
    low, likely, high = (fsum(weight[unit] * row.times[i] for unit, row in found) for i in range(3))
    why = " ".join(dict.fromkeys(row.why for _, row in found))
    times = Estimate(low, likely, high, why)
    slow = None
    if min(low, likely) >= 1:
        evidence = tuple(e for _, row in found for e in after.target.backend.evidence(row.source))
        slow = Hindrance(why, evidence=evidence)
    return Timed(old.times(low, likely, high, f"{old.basis}; {why}"), why, times, slow)


def _multiplying(case: Case) -> Iterator[str]:
    """The unit of every op with multiply-accumulates."""
    known = {u.name for u in case.target.units}
    for unit, work in zip(case.placement.units, case.work, strict=True):
        if unit in known and (work.macs is None or work.macs):
            yield unit


def _waiting(case: Case) -> dict[str, float]:
    """The part of each unit's time that it waits for weights."""
    found: dict[str, float] = {}
    for unit in case.latency.units:
        mine = (t for t in case.latency.kernels if t.unit == unit.unit and t.busy_with == "traffic" and t.moved)
        found[unit.unit] = fsum(t.busy * t.weights / t.moved for t in mine) / ((unit.seconds + unit.floor) or 1.0)
    return found


def _row(scheme: Scheme, case: Case, unit: str, waiting: float) -> SpeedRow | None:
    """The first row that speaks of a scheme on a unit of the target that waits for weights so much of its time."""
    backend, units = case.target.backend, [u for u in case.target.units if u.name == unit]
    rows = (r for r in load_speeds(backend) if unit in r.on and r.names_scheme(scheme.name) and waiting >= r.weights)
    return next((r for r in rows if speaks(r, backend, case.target.release, units)), None)
