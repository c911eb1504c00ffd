"""LiteRT's own plan of its arena: how long each tensor lives, and in which order they are placed.

Source: google-ai-edge/LiteRT@f67457790, tflite/arena_planner.cc (PlanAllocations, ExecuteAllocations,
CreateTensorAllocationVector) and tflite/simple_memory_arena.cc (Allocate, which `arrange` does).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from edgeplan.graph import Graph
from edgeplan.memory.arena import Arena, arrange
from edgeplan.memory.lifetimes import Buffer, Role
from edgeplan.memory.runtimes.litert.call import Home, Temporary
from edgeplan.memory.runtimes.litert.hashset import given_out
from edgeplan.memory.runtimes.litert.introsort import introsorted
from edgeplan.memory.runtimes.litert.scratch import added
from edgeplan.memory.runtimes.litert.sharing import Reuse, shared
from edgeplan.memory.runtimes.litert.states import variables

__all__ = ["ALIGNMENT", "Plan", "plan_arenas"]

ALIGNMENT = 64
"""Bytes: every tensor starts at a multiple of it (`kDefaultTensorAlignment`)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The arena of what a call computes, and that of what outlives it, each placed as the runtime places it.

    `moved` are tensors that the run takes out of the arena, to the heap, when it has found their size.
    """

    arena: Arena
    persistent: Arena
    moved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A tensor to place, or one that lies in another's buffer and only takes part in the sorting.

    `index` is its place in the file; `dies` is None where it is never given free.
    """

    name: str
    role: Role
    home: Home
    size: int
    index: int
    born: int
    dies: int | None
    inside: bool = False

    @property
    def key(self) -> tuple[int, int, int]:
        """What lives all the time comes first, in the order of the file; then the largest, then the earliest."""
        return (0, self.index, 0) if self.born == 0 and self.dies is None else (1, -self.size, self.born)


def plan_arenas(
    graph: Graph,
    homes: Mapping[str, Home],
    scratch: Sequence[tuple[Temporary, ...]],
    own: Collection[int],
    reuse: Reuse,
) -> Plan:
    """Plan a graph whose values have these homes and whose ops ask for these temporaries.

    Up to an op whose results have a size that only the run tells, tensors are placed before it; the others when it has
    run, around those still alive.
    """
    stages = list(accumulate((any(homes[n] in _OPEN for n in op.outputs) for op in graph.ops), initial=0))
    roots = _roots(graph, homes, stages, own, reuse)
    queues = _queues(graph, homes, roots, scratch)
    placed: list[_Tensor] = []
    for stage in range(stages[-1] + 1):
        ready = [t for queue, at in zip(queues, stages, strict=False) if at == stage for t in queue]
        placed += _sorted(ready)
    moved = tuple(n for op in graph.ops for n in op.outputs if homes[n] == "late" and n not in roots)
    steps = max(len(graph.ops), 1)
    return Plan(_arena(placed, "arena", steps), _arena(placed, "persistent", steps), moved)


_OPEN: Collection[Home] = ("late", "heap")


def _sorted(tensors: Sequence[_Tensor]) -> list[_Tensor]:
    rank = {key: i for i, key in enumerate(sorted({t.key for t in tensors}))}
    order = introsorted([rank[t.key] for t in tensors])
    return [tensors[i] for i in order if not tensors[i].inside]


def _roots(
    graph: Graph, homes: Mapping[str, Home], stages: Sequence[int], own: Collection[int], reuse: Reuse
) -> dict[str, str]:
    """What shares a buffer, as it looks when the first stage is prepared: later results still count as planned then."""
    assumed = dict(homes)
    for op, stage in zip(graph.ops, stages, strict=False):
        if stage > 0:
            assumed.update({n: "arena" for n in op.outputs if graph.values[n].bytes})
    return shared(graph, assumed, own, reuse)


def _queues(
    graph: Graph, homes: Mapping[str, Home], roots: Mapping[str, str], scratch: Sequence[tuple[Temporary, ...]]
) -> list[list[_Tensor]]:
    """The tensors that come to be at each op, in the order in which the runtime's set of them gives them out.

    Tensors count as numbered in the order of the graph's values. Where the graph left some of the file's out, the
    runtime's numbers are others: then tensors of one size and one op may be placed in another order than the runtime's.
    """
    born, dies = _lives(graph, roots)
    index = {name: i for i, name in enumerate(graph.values)}
    free = len(index)

    def tensor(name: str) -> _Tensor | None:
        home: Home = "arena" if homes[name] == "late" else homes[name]
        size = graph.values[name].bytes or (_HANDLE if home == "persistent" else 0)
        if not size or home not in ("arena", "persistent"):
            return None
        root = roots.get(name)
        inside = root is not None and homes[root] in ("arena", "late") and graph.values[root].bytes == size
        role: Role = "state" if home == "persistent" else "activation"
        return _Tensor(name, role, home, size, index[name], born[name], dies.get(name), inside)

    queues: list[list[_Tensor]] = []
    lasting = (*variables(graph), *graph.inputs)
    made = [(op.outputs, asked) for op, asked in zip(graph.ops, scratch, strict=True)] or [((), ())]
    for i, (makes, asked) in enumerate(made):
        found = {index[name]: tensor(name) for name in (*(lasting if i == 0 else ()), *makes)}
        for number, t in enumerate(asked, free):
            takes = t.size and t.home != "heap"
            found[number] = _Tensor(graph.ops[i].name, "scratch", t.home, t.size, number, i, i) if takes else None
        free += added(graph.ops[i], len(asked)) if graph.ops else 0
        queues.append([placed for number in given_out(found) if (placed := found[number]) is not None])
    return queues


def _lives(graph: Graph, roots: Mapping[str, str]) -> tuple[dict[str, int], dict[str, int]]:
    """The op at which each tensor comes to be, and that after which it is free; none for one that never is.

    What nobody reads is never given free, nor are variables, inputs and outputs of the graph.
    """
    kept = (*variables(graph), *graph.inputs)
    born = dict.fromkeys(kept, 0)
    left = Counter((*kept, *graph.outputs))
    left.update(roots.get(name, name) for op in graph.ops for name in op.inputs)
    dies: dict[str, int] = {}
    for i, op in enumerate(graph.ops):
        for name in op.outputs:
            born.setdefault(name, i)
        for name in op.inputs:
            root = roots.get(name, name)
            left[root] -= 1
            if not left[root]:
                dies[root] = i
    return born, dies


def _arena(tensors: Sequence[_Tensor], home: Home, steps: int) -> Arena:
    buffers = []
    for t in tensors:
        if t.home == home:
            born, dies = (0, None) if home == "persistent" else (t.born, t.dies)
            buffers.append(Buffer(t.name, born, steps - 1 if dies is None else dies, t.size, t.role))
    method = "in LiteRT's order: what lives all the time, then the largest first"
    return arrange(buffers, range(len(buffers)), steps, method, alignment=ALIGNMENT)


_HANDLE = 4
"""Bytes of a resource variable's handle, which takes memory although the variable is elsewhere."""
