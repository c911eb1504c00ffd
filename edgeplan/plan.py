"""The whole analysis: a graph and a target in, a Plan out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from edgeplan.advice import Advice, NearMisses
from edgeplan.cost.energy import Energy, energy_of
from edgeplan.cost.latency import Latency, latency_of
from edgeplan.cost.work import work_of
from edgeplan.diagnose import Case, diagnose
from edgeplan.diagnose.memory import is_short
from edgeplan.finding import Finding, Severity
from edgeplan.graph import Graph
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.packing import Packing, packing
from edgeplan.memory.plan import MemoryPlan, plan_memory
from edgeplan.memory.relief import Relief, relief
from edgeplan.memory.reordering import NewOrder, in_lower_order
from edgeplan.place.lowered import lower_for
from edgeplan.place.partition import Crossing, place
from edgeplan.summary import (
    ModelSummary,
    OpPlan,
    SegmentPlan,
    TargetSummary,
    UnitShare,
    op_plans,
    segment_plan,
    summarize_model,
    summarize_target,
    unit_shares,
)
from edgeplan.target import Budget, Target

__all__ = ["Outcome", "Plan", "analyze_graph"]

SCHEMA_VERSION = 1


class Outcome(Enum):
    """The answer in a word: what the first line of a report says."""

    FITS = "fits"
    FITS_WITH_CHANGES = "fits-with-changes"
    DOES_NOT_FIT = "does-not-fit"
    CANNOT_TELL = "cannot-tell"


@dataclass(frozen=True)
class Plan:
    """The answer: everything a report shows, as one value that can be kept, compared and written as JSON.

    `relief` is what would lower the memory, looked for where it is short or when asked. `packing` is what a solver
    makes of the arena, and `order` another order of the ops, when asked for. `advice` are rewrites that were tried and
    make the plan better, in the order in which to take them, and `near` those that nearly fit, likewise when asked for.
    """

    model: ModelSummary
    target: TargetSummary
    outcome: Outcome
    units: tuple[UnitShare, ...]
    segments: tuple[SegmentPlan, ...]
    crossings: tuple[Crossing, ...]
    memory: MemoryPlan
    latency: Latency
    energy: Energy
    relief: tuple[Relief, ...]
    packing: Packing | None
    order: NewOrder | None
    budget: Budget
    findings: tuple[Finding, ...]
    ops: tuple[OpPlan, ...]
    complete: bool
    advice: tuple[Advice, ...] = ()
    near: tuple[NearMisses, ...] = ()
    schema_version: int = field(default=SCHEMA_VERSION)

    def running_ops(self) -> tuple[OpPlan, ...]:
        """The ops in the order in which the runtime runs them: the steps of the timeline and of the pools."""
        order = self.memory.timeline.order
        return tuple(self.ops[i] for i in order) if order else self.ops

    def worst(self) -> Severity | None:
        """The severity of the worst finding."""
        return max((f.severity for f in self.findings), key=lambda s: s.rank, default=None)


def analyze_graph(
    graph: Graph,
    target: Target,
    *,
    name: str = "",
    file_bytes: int | None = None,
    free: Sequence[str] = (),
    missing: Sequence[str] = (),
    size_budget: int | None = None,
    latency_budget: float | None = None,
    order: Literal["file", "memory"] = "file",
    relieve: bool = False,
    exact: bool = False,
) -> Plan:
    """Plan a graph, ONNX or in the dialect of the target's backend, on a target.

    `free` are dimensions nobody has bound, `missing` weight files that were not found, `size_budget` the bytes the
    weights may take on disk, `latency_budget` the seconds an inference may take. With `order` "memory" the ops are
    planned in an order with a lower peak, where there is one; with `relieve` what would lower the memory is looked
    for even where there is enough; with `exact` a solver packs the arena for up to 20 seconds.
    """
    lowered = lower_for(graph, target)
    changed = in_lower_order(lowered) if order == "memory" else None
    if changed is not None:
        lowered = changed.graph
    placement = place(lowered, target)
    work = tuple(work_of(lowered, op) for op in lowered.ops)
    stored = file_bytes if graph.dialect == lowered.dialect else None  # else the runtime loads another file
    given = Deployment(lowered, target, placement.units, placement.segments, stored)
    memory = plan_memory(given)
    latency = latency_of(lowered, target, placement, work)
    findings = diagnose(
        Case(
            graph,
            lowered,
            target,
            placement,
            work,
            memory,
            latency,
            tuple(free),
            tuple(missing),
            size_budget,
            latency_budget,
        )
    )
    short = relieve or is_short(findings)
    complete = not free and not memory.unsized and all(w.macs is not None for w in work)
    model = summarize_model(graph, name, file_bytes, work, free)
    return Plan(
        model,
        summarize_target(target),
        _outcome(findings, complete and (latency_budget is None or latency.total is not None)),
        unit_shares(placement, work, target),
        tuple(segment_plan(s.unit, s.ops, work) for s in placement.segments),
        placement.crossings,
        memory,
        latency,
        energy_of(latency, target),
        relief(given, memory.pools, [w.macs for w in work]) if short else (),
        packing(memory.pools, len(lowered.ops)) if exact else None,
        changed.order if changed is not None else None,
        target.budget,
        findings,
        op_plans(lowered, placement, work, target),
        complete,
    )


def _outcome(findings: Sequence[Finding], complete: bool) -> Outcome:
    codes = {f.code for f in findings}
    if any(f.severity is Severity.ERROR for f in findings):
        return Outcome.DOES_NOT_FIT
    if not complete or "EP107" in codes:
        return Outcome.CANNOT_TELL
    return Outcome.FITS_WITH_CHANGES if any(f.severity is Severity.WARNING for f in findings) else Outcome.FITS
