"""The smallest arena there is, for few buffers that no heuristic packs well: constraint programming by OR-tools.

Each largest set of buffers that live together is a machine, each buffer a task that all machines of its life work on at
the same time, as long as the buffer is large: the question is when the last task ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import gcd
from time import monotonic
from typing import Literal

from edgeplan.memory.arena import Arena, arena_of, pack
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.overlap import overlaps

__all__ = ["Solution", "solve"]

Outcome = Literal["optimal", "fits", "impossible", "gap"]
"""No plan is smaller; it is within the capacity; no plan is; or none of these could be proven in time."""

_MOST = 1_000
"""Buffers that live in one stretch of time beyond which no solver is asked."""
_LARGEST = 2**50
"""Bytes of all buffers of a stretch beyond which no solver is asked: it adds up in 64 bits."""


@dataclass(frozen=True, slots=True)
class Solution:
    """The best plan found. No plan takes less than `proven` bytes."""

    arena: Arena
    outcome: Outcome
    proven: int


def solve(buffers: Sequence[Buffer], steps: int, capacity: int | None = None, seconds: float = 30.0) -> Solution | str:
    """Pack buffers as tightly as there is, or into `capacity` bytes; or the reason why that was not tried.

    Takes up to about `seconds`, on two processor cores. Needs the extra `exact` where no heuristic is good enough.
    """
    best = pack(buffers, steps)
    proven = best.bound
    offsets = list(best.offsets)
    deadline = monotonic() + seconds
    for part in _stretches(buffers):
        goal = max(proven, capacity or 0)
        members = [buffers[i] for i in part]
        known = _Packed([offsets[i] for i in part], 0)
        if known.height(members) <= goal or (capacity is not None and proven > capacity):
            continue
        if len(part) > _MOST:
            return f"{len(part)} buffers overlap in time, more than {_MOST}"
        if sum(b.size for b in members) > _LARGEST:
            return "the buffers are larger than the solver can count"
        try:
            found = _improved(members, known, goal, deadline, to_goal=capacity is not None)
        except ImportError:
            return "the package ortools is missing: install edgeplan[exact]"
        proven = max(proven, found.proven)
        for i, at in zip(part, found.offsets, strict=True):
            offsets[i] = at
    method = best.method if tuple(offsets) == best.offsets else "exact"
    arena = arena_of(buffers, offsets, steps, method)
    if overlaps(arena):
        return "the solver's plan is not valid"
    return Solution(arena, _outcome(arena.size, proven, capacity), proven)


def _outcome(size: int, proven: int, capacity: int | None) -> Outcome:
    if capacity is None:
        return "optimal" if size == proven else "gap"
    return "fits" if size <= capacity else "impossible" if proven > capacity else "gap"


def _stretches(buffers: Sequence[Buffer]) -> list[list[int]]:
    """Buffers, by index, in groups that no moment has two of, those with the most bytes first."""
    groups: list[list[int]] = []
    end = -1
    for i in sorted((i for i, b in enumerate(buffers) if b.size), key=lambda i: buffers[i].born):
        if buffers[i].born > end:
            groups.append([])
        groups[-1].append(i)
        end = max(end, buffers[i].dies)
    return sorted(groups, key=lambda group: -sum(buffers[i].size for i in group))


@dataclass(frozen=True, slots=True)
class _Packed:
    """Offsets, and the bytes that every plan needs."""

    offsets: list[int]
    proven: int

    def height(self, buffers: Sequence[Buffer]) -> int:
        return max(at + b.size for at, b in zip(self.offsets, buffers, strict=True))


def _improved(buffers: Sequence[Buffer], known: _Packed, goal: int, deadline: float, *, to_goal: bool) -> _Packed:
    """Reach the goal, else, unless that is all that counts and cannot be done, come as close as time allows.

    Whether a plan of a given size exists is much easier to answer than which size is the least, so that comes first.
    """
    found = _ask(buffers, known, goal, monotonic() + _FIRST * (deadline - monotonic()), minimise=False)
    if found.height(buffers) <= goal or (to_goal and found.proven > goal):
        return found
    return _ask(buffers, found, found.height(buffers) - 1, deadline, minimise=True)


_FIRST = 0.75


def _ask(buffers: Sequence[Buffer], known: _Packed, limit: int, deadline: float, *, minimise: bool) -> _Packed:
    """Ask the solver for a plan of up to `limit` bytes, or for the least; what is known where it finds none in time."""
    from ortools.sat.python import cp_model

    unit = reduce(gcd, (b.size for b in buffers))
    room = limit // unit
    model = cp_model.CpModel()
    starts = [model.new_int_var(0, room - b.size // unit, "") for b in buffers]
    tasks = [model.new_fixed_size_interval_var(at, b.size // unit, "") for at, b in zip(starts, buffers, strict=True)]
    for together in _crowds(buffers):
        model.add_no_overlap(tasks[i] for i in together)
    if minimise:
        for start, at in zip(starts, known.offsets, strict=True):
            model.add_hint(start, at // unit)
        end = model.new_int_var(-(-known.proven // unit), room, "")
        model.add_max_equality(end, [at + b.size // unit for at, b in zip(starts, buffers, strict=True)])
        model.minimize(end)
    else:
        # Every plan can be turned upside down: one buffer may be held to the lower half.
        largest = max(range(len(buffers)), key=lambda i: buffers[i].size)
        model.add(2 * starts[largest] + buffers[largest].size // unit <= room)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = max(deadline - monotonic(), 0.0)
    solver.parameters.num_workers = 2
    solver.parameters.random_seed = 0
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return _Packed(known.offsets, (room + 1) * unit)
    proven = max(known.proven, round(solver.best_objective_bound) * unit if minimise else 0)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return _Packed([solver.value(start) * unit for start in starts], proven)
    return _Packed(known.offsets, proven)


def _crowds(buffers: Sequence[Buffer]) -> list[frozenset[int]]:
    """The sets of buffers that are alive together, without those that are part of another."""
    crowds: list[frozenset[int]] = []
    alive: frozenset[int] = frozenset()
    for i in sorted(range(len(buffers)), key=lambda i: buffers[i].born):
        staying = frozenset(j for j in alive if buffers[j].dies >= buffers[i].born)
        if len(staying) < len(alive):
            crowds.append(alive)
        alive = staying | {i}
    return [*crowds, alive]
