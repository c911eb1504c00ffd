"""Walks down towards a goal, and tells what stands in the way where it is out of reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeplan.cost.work import work_of
from edgeplan.graph import Graph
from edgeplan.plan import Plan, analyze_graph
from edgeplan.pruning.course import Course, Ladder
from edgeplan.pruning.goal import Goal
from edgeplan.pruning.narrow import narrow
from edgeplan.pruning.prices import Prices, of_macs, of_memory, of_seconds
from edgeplan.pruning.reform import Kept
from edgeplan.pruning.structure import Structure
from edgeplan.units import say_bytes, say_macs, say_percent, say_seconds

if TYPE_CHECKING:
    from edgeplan.target import Target

__all__ = ["Search", "total_macs", "why_none"]

_STORED = ("file", "flash")
"""Holders of terms that are in no sum of memory."""


class Search:
    """Walks down towards a goal and finds the shortest way that the planner agrees with."""

    def __init__(self, structure: Structure, target: Target | None, free: Sequence[str], name: str) -> None:
        self._structure = structure
        self._target = target
        self._free = free
        self._name = name
        self._plans: dict[bytes, Plan] = {}

    def plan(self, choice: NDArray[np.bool_]) -> Plan | None:
        """The plan of the model that a choice leaves, each made once; None without a target."""
        if self._target is None:
            return None
        key = choice.tobytes()
        if key not in self._plans:
            graph = narrow(Kept(self._structure, choice))
            self._plans[key] = analyze_graph(graph, self._target, free=self._free, name=self._name)
        return self._plans[key]

    def towards(self, goal: Goal, ladders: Sequence[Ladder]) -> tuple[NDArray[np.bool_], str]:
        """The choice that takes the fewest steps to the goal, and why it is not met where even all of them do not.

        What a step saves falls as others are taken, so the way is walked once, and its shortest sufficient part found
        by halving.
        """
        start = self._structure.all_kept
        first = self._figure(goal, start)
        if first is None:
            return start, self._not_known(goal)
        limit = goal.amount * first if goal.kind == "macs" and goal.amount <= 1 else goal.amount
        if first <= limit:
            return start, ""
        course = Course(self._structure, ladders, self._prices(goal))
        low, high = 0, len(course.steps)
        last = self._figure(goal, course.kept(high)) if high else first
        if last is None or last > limit:
            return course.kept(high), self._short(goal, course.kept(high), last, ladders)
        while high - low > 1:
            middle = (low + high) // 2
            found = self._figure(goal, course.kept(middle))
            low, high = (low, middle) if found is not None and found <= limit else (middle, high)
        return course.kept(high), ""

    def _figure(self, goal: Goal, choice: NDArray[np.bool_]) -> float | None:
        if goal.kind == "macs":
            macs = total_macs(narrow(Kept(self._structure, choice)))
            return float(macs) if macs is not None else None
        plan = self.plan(choice)
        assert plan is not None
        if goal.kind == "memory":
            return None if plan.memory.unsized else float(plan.memory.peak.likely)
        return plan.latency.total.likely if plan.latency.total is not None else None

    def _prices(self, goal: Goal) -> Prices:
        graph, plan = self._structure.graph, self.plan(self._structure.all_kept)
        if goal.kind == "macs" or plan is None:
            return of_macs(graph)
        return of_memory(graph, plan) if goal.kind == "memory" else of_seconds(graph, plan)

    def _not_known(self, goal: Goal) -> str:
        plan = self.plan(self._structure.all_kept)
        if plan is not None and goal.kind == "latency":
            return f"how long it takes is not known: {plan.latency.why}"
        what = "how many MACs it takes" if goal.kind == "macs" else "what memory it needs"
        return f"{what} is not known: the sizes of some tensors are open; bind them with --dim"

    def _short(self, goal: Goal, choice: NDArray[np.bool_], reached: float | None, ladders: Sequence[Ladder]) -> str:
        """Why a goal is out of reach: what is left at the floor, and what of it is the most."""
        if not any(len(lad.rungs) > 1 for lad in ladders):
            return why_none(self._structure)
        graph, plan = narrow(Kept(self._structure, choice)), self.plan(choice)
        if goal.kind == "macs":
            at, most = _heaviest(graph)
            whole = total_macs(graph) or 0
            return (
                f"with every group at its floor {say_macs(whole)} are left, {say_percent(most / max(whole, 1))} of "
                f"them in {at}"
            )
        assert plan is not None
        if goal.kind == "memory":
            phase = "load" if plan.memory.load.likely > plan.memory.run.likely else "run"
            held_then = [t for t in plan.memory.terms if t.phase in (phase, "always") and t.holder not in _STORED]
            term = max(held_then, key=lambda t: t.size.likely)
            at = _widest(graph)
            held = f"; its largest tensor is made by {at}" if "activations" in term.name or "arena" in term.name else ""
            return (
                f"with every group at its floor it needs {say_bytes(reached or 0)}, {say_bytes(term.size.likely)} of "
                f"them {term.name}{held}"
            )
        if not plan.latency.kernels:
            return "with every group at its floor its time is not known"
        slowest = max(plan.latency.kernels, key=lambda t: t.seconds)
        at = (plan.ops[slowest.ops[0]].sources or (plan.ops[slowest.ops[0]].name,))[0]
        fixed = plan.latency.floor + sum(t.launch for t in plan.latency.kernels)
        return (
            f"with every group at its floor it takes {say_seconds(reached or 0)}, {say_seconds(fixed)} of them for any "
            f"width; the slowest op is {at} with {say_seconds(slowest.seconds)}"
        )


def why_none(structure: Structure) -> str:
    """Why no group of a network has a narrower width."""
    if structure.groups:
        return "no group of channels may be narrowed: by the floor, by what is kept, or by widths that pay"
    reasons = {f.reason for f in structure.frozen}
    told = f": {sorted(reasons)[0]}" if len(reasons) == 1 else ""
    return f"no group of channels can be narrowed{told}"


def total_macs(graph: Graph) -> int | None:
    """Multiply-accumulates, but for ops whose sizes hang on data; None where an input's size is open."""
    if any(not isinstance(d, int) for name in graph.inputs for d in graph.values[name].shape or ()):
        return None
    return sum(work_of(graph, op).macs or 0 for op in graph.ops)


def _heaviest(graph: Graph) -> tuple[str, int]:
    found = max(graph.ops, key=lambda op: work_of(graph, op).macs or 0)
    return found.name, work_of(graph, found).macs or 0


def _widest(graph: Graph) -> str:
    made = [(graph.values[o].bytes or 0, op.name) for op in graph.ops for o in op.outputs if not graph.values[o].const]
    return max(made, default=(0, graph.name))[1]
