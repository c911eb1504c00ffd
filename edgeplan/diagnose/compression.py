"""Findings about compression: what it could save (EP601, EP602), and why a quantised model is no faster (EP603)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import fsum

from edgeplan.capability.rows import Row
from edgeplan.cost.families import key_of
from edgeplan.cost.unit_speed import Speeds, UnitSpeed
from edgeplan.diagnose.case import Case, ops_of
from edgeplan.finding import Evidence, Finding
from edgeplan.place.partition import UNKNOWN
from edgeplan.units import say_bytes, say_percent, say_seconds

__all__ = ["Hindrance", "dominance_findings", "hindrance", "not_faster"]

DOMINANT = 2 / 3
"""Of weights and activations: from there on, halving the others saves less than a sixth of both."""

TOLD = 0.95
"""Of the time: a gain of less than a twentieth is one that no estimate here can tell from none."""

LEFT = 0.05
"""Of the multiply-accumulates: so many have to leave the accelerator to be the reason for a time."""

_UNTOLD = "what fewer bits for them give here says `edgeplan compress`"


def dominance_findings(case: Case, pays: str = _UNTOLD) -> Iterator[Finding]:
    """Whether weights or activations take most of what the model itself takes; nothing while sizes are open.

    `pays` is a clause on what weights of fewer bits give on the target.
    """
    memory = case.memory
    weights, activations = memory.weights, memory.activations
    both = weights + activations
    if memory.unsized or not both:
        return
    sizes = f"{say_bytes(weights)} of weights, {say_bytes(activations)} of activations"
    if weights >= DOMINANT * both:
        share = say_percent(weights / both)
        yield case.finding("EP601", f"weights are {share} of what the model holds ({sizes}): {pays}")
    elif activations >= DOMINANT * both:
        share = say_percent(activations / both)
        cure = "weights of fewer bits hardly lower it, a smaller input or fewer channels do"
        yield case.finding("EP602", f"activations are {share} of what the model holds ({sizes}): {cure}")


NAMED = 4
"""Schemes that a finding names."""


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why fewer bits make no faster model: the reason, the ops it lies with, and the rule row or the sources behind."""

    why: str
    ops: tuple[int, ...] = ()
    row: Row | None = None
    evidence: tuple[Evidence, ...] = ()


def hindrance(before: Case, after: Case) -> Hindrance | None:
    """Why a model as though it were quantised, `after`, takes no less time than as it stands, `before`.

    None where it does take less, or where one of the times is not known.
    """
    old, new = before.latency.total, after.latency.total
    if old is None or new is None or new.likely < TOLD * old.likely:
        return None
    return _left(before, after) or _same(before, after) or _as_slow(before, after) or _spent(after)


def not_faster(after: Case, schemes: Sequence[str], found: Hindrance) -> Finding:
    """The finding about schemes that one reason keeps from making the model faster."""
    rest = len(schemes) - NAMED if len(schemes) > NAMED + 1 else 0
    shown = [*schemes[:NAMED], f"{rest} more"] if rest else schemes
    names = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    message = f"{names} {'is' if len(schemes) == 1 else 'are'} no faster here: {found.why}"
    if found.row is not None:
        return after.finding("EP603", message, found.ops, found.row)
    return after.finding("EP603", message, found.ops, evidence=found.evidence)


def _left(before: Case, after: Case) -> Hindrance | None:
    """Ops that an accelerator took as floats and does not take quantised."""
    fast = {u.name for u in after.target.units if u.accelerator}
    kept = {s for op, unit in zip(before.graph.ops, before.placement.units, strict=True) if unit in fast
            for s in op.sources}  # fmt: skip
    ops = [
        i for i, (op, unit) in enumerate(zip(after.graph.ops, after.placement.units, strict=True))
        if unit not in fast and unit != UNKNOWN and (after.work[i].macs or 0) and not kept.isdisjoint(op.sources)
    ]  # fmt: skip
    total = sum(w.macs or 0 for w in after.work)
    share = sum(after.work[i].macs or 0 for i in ops) / total if total else 0.0
    if share < LEFT:
        return None
    at = next((k for k, unit in enumerate(after.target.units) if unit.accelerator), None)
    rows = after.placement.support[ops[0]][at].rows if at is not None else ()
    title = after.target.units[at].title if at is not None else "accelerator"
    said = f"{ops_of(after.graph, ops)} ({say_percent(share)} of the MACs) would leave the {title}"
    return Hindrance(f"{said}: {rows[0].why}" if rows else said, tuple(ops), rows[0] if rows else None)


def _same(before: Case, after: Case) -> Hindrance | None:
    """Arithmetic that stays what it was: weights of fewer bits are expanded first."""
    were, are = ({(t.unit, t.precision) for t in c.latency.kernels} for c in (before, after))
    if not are <= were:
        return None
    work = {(t.unit, t.precision) for t in after.latency.kernels if t.macs}
    titles = " and the ".join(u.title for u in after.target.units if u.name in {unit for unit, _ in work})
    kinds = " and ".join(sorted({precision for _, precision in work}))
    return Hindrance(f"the {titles} computes in {kinds}, whatever its weights are stored in") if work else None


def _as_slow(before: Case, after: Case) -> Hindrance | None:
    """A unit that multiplies what was quantised no faster than floats, and what its figures say of that."""
    speeds = Speeds(after.target)
    busiest = max((t for t in after.latency.kernels if t.macs), key=lambda t: t.macs, default=None)
    if busiest is None:
        return None
    floats = next((t.precision for t in before.latency.kernels if t.macs and t.unit == busiest.unit), "")
    old, new = speeds.of(busiest.unit, floats), speeds.of(busiest.unit, busiest.precision)
    if old is None or new is None or TOLD * _rate(new, busiest.family) > _rate(old, busiest.family):
        return None
    title, note = after.target.unit(busiest.unit).title, f". {new.speed.note}" if new.speed.note else ""
    return Hindrance(f"the {title} multiplies {busiest.precision} no faster than {floats}{note}", evidence=new.evidence)


def _rate(speed: UnitSpeed, family: str) -> float:
    gmacs = speed.speed.gmacs
    return gmacs[key_of(gmacs, family)] * speed.work


def _spent(after: Case) -> Hindrance:
    """What the time goes to that fewer bits do not shorten."""
    latency = after.latency
    busy = {kind: fsum(t.busy for t in latency.kernels if t.busy_with == kind) for kind in ("work", "traffic")}
    parts = {
        "what any run and every launch takes": latency.floor + fsum(t.launch for t in latency.kernels),
        "hand-overs between units": latency.crossings,
        "penalties of single ops": fsum(s for t in latency.kernels for s in t.penalties.values()),
        "moving bytes": busy["traffic"],
        "arithmetic": busy["work"],
    }
    name = max(parts, key=lambda n: parts[n])
    evidence = tuple(dict.fromkeys(e for u in latency.units for e in u.evidence))
    took = f"{say_percent(parts[name] / (fsum(parts.values()) or 1.0))} of the time ({say_seconds(parts[name])})"
    return Hindrance(f"{took} goes to {name}", evidence=evidence)
