"""How far each group is narrowed so that a goal is met, what that saves, and what stands in the way of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeplan.cost.parameters import parameters
from edgeplan.graph import Graph
from edgeplan.plan import Plan
from edgeplan.pruning.course import Ladder, ladder, saved
from edgeplan.pruning.goal import Goal
from edgeplan.pruning.narrow import narrow
from edgeplan.pruning.prices import Prices, of_bytes, of_macs, of_seconds
from edgeplan.pruning.reform import Kept
from edgeplan.pruning.search import Search, total_macs, why_none
from edgeplan.pruning.structure import Frozen, Group, Structure
from edgeplan.pruning.widths import Step, step_of

if TYPE_CHECKING:
    from edgeplan.target import Target

__all__ = ["GroupPlan", "PrunePlan", "Totals", "plan_pruning"]

Scores = Sequence[NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """What becomes of a group: channels as the op `name` counts them, and units, which may be several channels each.

    `lost` is the part of the group's score that goes. What it saved is what the model would take more if this group
    alone were as wide as before; seconds are None without a target whose speed is known.
    """

    name: str
    ops: tuple[str, ...]
    before: int
    after: int
    per_unit: int
    units_before: int
    units_after: int
    lost: float
    macs_saved: int
    bytes_saved: int
    seconds_saved: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """A model in a few figures: `weights` are bytes as its file holds them, `peak` bytes planned on the target.

    `macs` leave out ops whose sizes hang on data, and are None while an input's size is open.
    """

    macs: int | None
    parameters: int
    weights: int
    peak: int | None
    seconds: float | None


@dataclass(frozen=True, slots=True, eq=False)
class PrunePlan:
    """A choice of channels. `met` says whether the goal is reached, `why` what stands in the way where it is not.

    `step` is the multiple that widths are brought to. `plans` are the target's before and after, if there is one.
    """

    goal: Goal
    met: bool
    why: str
    groups: tuple[GroupPlan, ...]
    frozen: tuple[Frozen, ...]
    before: Totals
    after: Totals
    step: Step
    plans: tuple[Plan, Plan] | None
    kept: Kept


def plan_pruning(
    structure: Structure,
    target: Target | None,
    goal: Goal,
    scores: Scores | None = None,
    *,
    floor: float = 0.125,
    step: int = 0,
    keep: Collection[str] = (),
    free: Sequence[str] = (),
    name: str = "",
) -> PrunePlan:
    """Narrow groups until the goal is met on the planner's own figures.

    `scores[i][j]` says how much unit j of group i matters; without them all of a group matter the same. No group is
    left with less than `floor` of its units, and those with an op of `keep` stay whole. Widths are multiples of `step`,
    or of what the target's unit pays for. `free` are dimensions that nobody has bound.
    Raises `ValueError` for a goal that needs a target and has none.
    """
    if target is None and goal.kind in ("memory", "latency"):
        raise ValueError("memory and latency are planned on a device: name one with --target")
    search = Search(structure, target, free, name)
    before = search.plan(structure.all_kept)
    chosen = Step(step, "as asked for") if step else _step(target, before)
    held = set(keep)
    ladders = [
        ladder(g, scores[i] if scores is not None else None, chosen.multiple, floor, not held.isdisjoint(g.ops))
        for i, g in enumerate(structure.groups)
    ]
    if goal.kind == "ratio":
        choice, why = _evenly(structure, ladders, goal.amount)
    else:
        choice, why = search.towards(goal, ladders)
    kept = Kept(structure, choice)
    after = search.plan(choice)
    graph = narrow(kept)
    prices = of_seconds(structure.graph, before) if before is not None and before.latency.total is not None else None
    return PrunePlan(
        goal,
        not why,
        why,
        tuple(_group_plans(structure, ladders, choice, prices, held)),
        structure.frozen,
        _totals(structure.graph, before),
        _totals(graph, after),
        chosen,
        (before, after) if before is not None and after is not None else None,
        kept,
    )


def _step(target: Target | None, plan: Plan | None) -> Step:
    """The multiple of the unit that does most of the work."""
    if target is None or plan is None:
        return Step(1, "no target is named")
    work: dict[tuple[str, str], int] = {}
    for time in plan.latency.kernels:
        work[time.unit, time.precision] = work.get((time.unit, time.precision), 0) + time.macs
    if work:
        return step_of(target.backend, *max(work, key=lambda k: work[k]))
    share = max(plan.units, key=lambda u: u.macs_share or 0, default=None)
    return step_of(target.backend, share.unit, target.precision) if share is not None else Step()


def _evenly(structure: Structure, ladders: Sequence[Ladder], ratio: float) -> tuple[NDArray[np.bool_], str]:
    """Every group narrowed by the same part, to the rung that is nearest from above; why not, where none is."""
    wanted = [len(g.units) - int(len(g.units) * ratio + 1e-9) for g in structure.groups]  # 0.29 of 100 are 29
    rungs = [min(r for r in lad.rungs if r >= n) for lad, n in zip(ladders, wanted, strict=True)]
    choice = structure.without({i: lad.ranked[:n] for i, (lad, n) in enumerate(zip(ladders, rungs, strict=True))})
    if not choice.all():
        return choice, ""
    if all(len(lad.rungs) == 1 for lad in ladders):
        return choice, why_none(structure)
    return choice, "no group of channels is wide enough to lose so small a part, in widths that pay"


def _group_plans(
    structure: Structure,
    ladders: Sequence[Ladder],
    choice: NDArray[np.bool_],
    seconds: Prices | None,
    held: Collection[str],
) -> list[GroupPlan]:
    graph = structure.graph
    macs, weights = saved(structure, choice, of_macs(graph)), saved(structure, choice, of_bytes(graph))
    times = saved(structure, choice, seconds) if seconds is not None else None
    found = []
    for i, (group, lad) in enumerate(zip(structure.groups, ladders, strict=True)):
        left = int(choice[group.units].sum())
        found.append(
            GroupPlan(
                group.name,
                group.ops,
                group.width,
                left * group.per_unit,
                group.per_unit,
                len(group.units),
                left,
                max(1 - float(lad.left[left]), 0.0),
                round(macs[i]),
                round(weights[i]),
                times[i] if times is not None else None,
                _note(group, lad, left, held),
            )
        )
    return found


def _note(group: Group, lad: Ladder, left: int, held: Collection[str]) -> str:
    """What kept a group from being narrowed further."""
    if not set(group.ops).isdisjoint(held):
        return "kept as asked for"
    if len(lad.rungs) == 1:
        return "no narrower width would pay"
    return "at its floor" if left == lad.rungs[-1] else ""


def _totals(graph: Graph, plan: Plan | None) -> Totals:
    return Totals(
        total_macs(graph),
        parameters(graph) or 0,
        sum(v.bytes or 0 for n, v in graph.values.items() if v.const and n not in graph.producer),
        ceil(plan.memory.peak.likely) if plan is not None and not plan.memory.unsized else None,
        plan.latency.total.likely if plan is not None and plan.latency.total is not None else None,
    )
