"""The memory of LiteRT's interpreter, where its own kernels run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from edgeplan.graph import Graph, Op
from edgeplan.memory.arena import Arena
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.live import lower_bound
from edgeplan.memory.pool import Pool
from edgeplan.memory.runtimes.litert.call import Call, Home, Temporary
from edgeplan.memory.runtimes.litert.homes import homes
from edgeplan.memory.runtimes.litert.planner import ALIGNMENT, plan_arenas
from edgeplan.memory.runtimes.litert.scratch import scratch
from edgeplan.memory.runtimes.litert.sharing import Reuse
from edgeplan.memory.runtimes.litert.states import resources
from edgeplan.units import round_up

__all__ = ["builtin_arena", "builtin_pools"]


def builtin_arena(graph: Graph, own: Collection[int] | None = None) -> Pool:
    """The arena when the builtin kernels run the ops `own`, by index, or all of them."""
    return builtin_pools(graph, own)[0]


def builtin_pools(graph: Graph, own: Collection[int] | None = None, reuse: Reuse = "overwrites") -> tuple[Pool, ...]:
    """The arena, then as far as there are any: the arena of what outlives a call, the heap, and the arenas of bodies.

    The runtime's two arenas are planned byte by byte. On the heap lie tensors whose size only the run tells, what
    kernels compute or transpose while they are prepared, and resource variables. A body has arenas of its own, beside
    those of the graph around it from the load on, given free when its op has run. `reuse` is what the release shares.
    """
    mine: Collection[int] = range(len(graph.ops)) if own is None else frozenset(own)
    first, *others = _pools(graph, mine, (), reuse, resources(graph))
    return (first, *(pool for pool in others if pool.arena.buffers or pool.unsized))


def _pools(
    graph: Graph, own: Collection[int], outside: Collection[str], reuse: Reuse, held: Mapping[str, int]
) -> Iterator[Pool]:
    """The same, empty ones included; `held` are the resource variables."""
    where = homes(graph, own, outside)
    asked = [scratch(Call(op, graph.values, where)) if i in own else () for i, op in enumerate(graph.ops)]
    plan = plan_arenas(graph, where, asked, own, reuse)
    where.update(dict.fromkeys(plan.moved, "heap"))
    yield Pool("arena", plan.arena, _unsized(graph, where, "arena", "late"))
    yield Pool("persistent arena", plan.persistent, _unsized(graph, where, "persistent"))
    heap = _heap(graph, where, asked, held)
    yield Pool("heap", _piled(heap, len(graph.ops)), _unsized(graph, where, "heap", "ready"))
    bodies: list[Buffer] = []
    lost: list[str] = []
    for i, op in enumerate(graph.ops):
        for body, inputs in _bodies(op):
            inner = tuple(_pools(body, range(len(body.ops)), inputs, reuse, {}))
            bodies.append(Buffer(op.name, 0, i, sum(pool.arena.size for pool in inner), "body"))
            lost += (name for pool in inner for name in pool.unsized)
    yield Pool("bodies", _piled((b for b in bodies if b.size), len(graph.ops)), tuple(lost))


def _unsized(graph: Graph, where: Mapping[str, Home], *homes: Home) -> tuple[str, ...]:
    return tuple(n for n, home in where.items() if home in homes and graph.values[n].bytes is None)


def _bodies(op: Op) -> Iterator[tuple[Graph, tuple[str, ...]]]:
    """The graphs inside an op, and those of their inputs that lie in the memory of the op's own.

    A loop's condition gets copies of what it reads.
    """
    for body in op.bodies:
        copied = "WHILE" in op.type and body is op.bodies[0]
        read = {*body.graph.outputs, *(n for inner in body.graph.ops for n in inner.inputs)}
        yield body.graph, tuple(n for n in body.graph.inputs if not copied or n not in read)


def _heap(
    graph: Graph, where: Mapping[str, Home], asked: Sequence[tuple[Temporary, ...]], held: Mapping[str, int]
) -> Iterator[Buffer]:
    last = max(len(graph.ops) - 1, 0)
    yield from (Buffer(name, 0, last, size, "state") for name, size in held.items() if size)
    for i, (op, temporaries) in enumerate(zip(graph.ops, asked, strict=True)):
        for name in op.outputs:
            size = graph.values[name].bytes
            if size and where[name] in ("heap", "ready"):
                yield Buffer(name, 0 if where[name] == "ready" else i, last, size)
        yield from (Buffer(op.name, 0, last, t.size, "scratch") for t in temporaries if t.home == "heap" and t.size)


def _piled(buffers: Iterable[Buffer], ops: int) -> Arena:
    """Memory from the system, one piece for each buffer: none is put where another was."""
    held = tuple(buffers)
    ends = list(accumulate((round_up(b.size, ALIGNMENT) for b in held), initial=0))
    bound, peak = lower_bound(held, max(ops, 1))
    return Arena(held, tuple(ends[:-1]), ends[-1], bound, "one piece of memory for each", peak)
