"""The parts of a Plan: the model, the target, what each unit does, and every op and segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeplan.cost.parameters import parameters
from edgeplan.cost.work import Work
from edgeplan.graph import Graph
from edgeplan.place.partition import UNKNOWN, Placement
from edgeplan.target import Target

__all__ = [
    "ModelSummary",
    "OpPlan",
    "SegmentPlan",
    "TargetSummary",
    "UnitShare",
    "op_plans",
    "segment_plan",
    "summarize_model",
    "summarize_target",
    "unit_shares",
]


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """The model as it was read. `macs` are the contractions' multiply-accumulates; None while shapes are unknown."""

    name: str
    file_bytes: int | None
    ops: int
    parameters: int | None
    macs: int | None
    opset: int
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    free_dimensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetSummary:
    """Where it is to run; `precision` is what the runtime computes floats in.

    `assume` is how the model is taken to be quantised though its file is not (`w8a8`), empty where as it stands.
    """

    device: str
    title: str
    chip: str
    backend: str
    release: str
    precision: str
    confirm: str
    assume: str = ""


@dataclass(frozen=True, slots=True)
class UnitShare:
    """A unit's part of the work: ops, MACs, bytes moved, and its shares (0 to 1) of both. Predicted."""

    unit: str
    title: str
    accelerator: bool
    ops: int
    macs: int
    moved: int
    macs_share: float
    bytes_share: float


@dataclass(frozen=True, slots=True)
class OpPlan:
    """A lowered op: where it runs, what it does, what each unit's rows said, and the source ops it came from."""

    name: str
    type: str
    sources: tuple[str, ...]
    unit: str
    macs: int | None
    moved: int | None
    verdicts: Mapping[str, str]
    rows: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class SegmentPlan:
    """A maximal run of ops on one unit; `ops` are indices into the plan's ops."""

    unit: str
    ops: tuple[int, ...]
    macs: int
    moved: int


def summarize_model(
    graph: Graph, name: str, file_bytes: int | None, work: Sequence[Work], free: Sequence[str]
) -> ModelSummary:
    """The model as a report names it; `work` is that of the lowered ops."""
    macs = [w.macs for w in work]
    known = [m for m in macs if m is not None]

    def signature(names: Sequence[str]) -> dict[str, str]:
        values = (graph.values[n] for n in names)
        return {
            v.name: f"{v.dtype}[{', '.join(map(str, v.shape))}]" if v.shape is not None else f"{v.dtype}[?]"
            for v in values
        }

    return ModelSummary(
        name or graph.name,
        file_bytes,
        len(graph.ops),
        parameters(graph),
        sum(known) if len(known) == len(macs) else None,
        graph.opset,
        signature(graph.inputs),
        signature(graph.outputs),
        tuple(free),
    )


def summarize_target(target: Target) -> TargetSummary:
    """The target as a report names it."""
    backend = target.backend
    return TargetSummary(
        target.device.id,
        target.title,
        target.device.chip.title,
        backend.name,
        target.release,
        target.precision,
        backend.confirm,
        target.assume,
    )


def unit_shares(placement: Placement, work: Sequence[Work], target: Target) -> tuple[UnitShare, ...]:
    """One share for each unit of the target, then for the ops nobody can place and those no unit takes, if any."""
    titles = {u.name: (u.title, u.accelerator) for u in target.units}
    titles |= {UNKNOWN: ("unknown", False), "": ("no unit", False)}
    total_macs = sum(w.macs or 0 for w in work)
    total_moved = sum(w.moved or 0 for w in work)
    found = []
    for name, (title, accelerator) in titles.items():
        mine = [w for w, unit in zip(work, placement.units, strict=True) if unit == name]
        if not mine and name in (UNKNOWN, ""):
            continue
        macs, moved = sum(w.macs or 0 for w in mine), sum(w.moved or 0 for w in mine)
        found.append(
            UnitShare(
                name,
                title,
                accelerator,
                len(mine),
                macs,
                moved,
                macs / total_macs if total_macs else 0.0,
                moved / total_moved if total_moved else 0.0,
            )
        )
    return tuple(found)


def segment_plan(unit: str, ops: tuple[int, ...], work: Sequence[Work]) -> SegmentPlan:
    """One segment with the work its ops do."""
    return SegmentPlan(unit, ops, sum(work[i].macs or 0 for i in ops), sum(work[i].moved or 0 for i in ops))


def op_plans(graph: Graph, placement: Placement, work: Sequence[Work], target: Target) -> tuple[OpPlan, ...]:
    """Every lowered op with its unit, work and verdicts."""
    names = [u.name for u in target.units]
    told: dict[int, tuple[dict[str, str], dict[str, tuple[str, ...]]]] = {}
    found = []
    for op, support, unit, done in zip(graph.ops, placement.support, placement.units, work, strict=True):
        if id(support) not in told:  # equal ops share one verdict: `place` keeps it alive
            verdicts = {n: s.verdict.value for n, s in zip(names, support, strict=True)}
            rows = {n: tuple(map(target.backend.row_id, s.rows or s.open)) for n, s in zip(names, support, strict=True)}
            told[id(support)] = verdicts, rows
        found.append(OpPlan(op.name, op.label, op.sources, unit, done.macs, done.moved, *told[id(support)]))
    return tuple(found)
