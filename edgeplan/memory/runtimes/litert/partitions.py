"""A graph as the interpreter holds it once delegates have taken their parts: each part is one op.

Source: google-ai-edge/LiteRT@f67457790, tflite/core/subgraph.cc, ReplaceNodeSubsetsWithDelegateKernels: the tensors
inside a part have no place in the interpreter's arena, only those that go in and come out do.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from edgeplan.graph import Graph, Op
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.pool import Pool
from edgeplan.place.runs import Segment

__all__ = ["Outside", "outside", "part", "retimed", "starts"]


@dataclass(frozen=True, slots=True)
class Outside:
    """What is left to the interpreter: its `own` ops, by index, among one op for each part of a delegate.

    `spans` are the first and last step at which each op runs when a part takes a step for each op in it.
    """

    graph: Graph
    own: frozenset[int]
    spans: tuple[tuple[int, int], ...]


def outside(graph: Graph, segments: Sequence[Segment], own: Collection[str]) -> Outside:
    """The graph of the interpreter, which runs the ops of the units `own` itself. Segments are in running order."""
    ops: list[Op] = []
    mine: set[int] = set()
    spans: list[tuple[int, int]] = []
    for segment, start in zip(segments, starts(segments), strict=True):
        if segment.unit in own:
            mine.update(range(len(ops), len(ops) + len(segment.ops)))
            spans += ((start + k, start + k) for k in range(len(segment.ops)))
            ops += (graph.ops[i] for i in segment.ops)
        elif segment.ops:
            given, made = _border(graph, segment.ops)
            name = f"{segment.unit}:{graph.ops[segment.ops[0]].name}"
            ops.append(Op(name, "DELEGATE", given, ("input",) * len(given), made))
            spans.append((start, start + len(segment.ops) - 1))
    return Outside(replace(graph, ops=tuple(ops)), frozenset(mine), tuple(spans))


def starts(segments: Sequence[Segment]) -> list[int]:
    """The step at which each segment begins."""
    return [0, *accumulate(len(s.ops) for s in segments)][: len(segments)]


def part(graph: Graph, ops: Sequence[int]) -> Graph:
    """The ops of a part alone, as a graph of its own."""
    given, made = _border(graph, ops)
    return replace(graph, ops=tuple(graph.ops[i] for i in ops), inputs=given, outputs=made)


def retimed(pool: Pool, spans: Sequence[tuple[int, int]]) -> Pool:
    """A pool planned at the steps of a shorter graph, at those of the whole: what a part holds, it holds throughout."""
    arena = pool.arena
    last = len(spans) - 1
    if last < 0:
        return pool

    def spread(b: Buffer) -> Buffer:
        return replace(b, born=spans[min(b.born, last)][0], dies=spans[min(b.dies, last)][1])

    buffers = tuple(spread(b) for b in arena.buffers)
    return replace(pool, arena=replace(arena, buffers=buffers, peak_step=spans[min(arena.peak_step, last)][0]))


def _border(graph: Graph, ops: Sequence[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What goes into a part, constants aside, and what others read of it."""
    made = [name for i in ops for name in graph.ops[i].outputs]
    reads = dict.fromkeys(name for i in ops for name in graph.reads(graph.ops[i]))
    own = frozenset(made)
    given = tuple(n for n in reads if n not in own and not graph.values[n].const)
    wanted, inside = frozenset(graph.outputs), frozenset(ops)
    if len(inside) == len(graph.ops):
        return given, tuple(n for n in made if n in wanted)
    return given, tuple(n for n in made if n in wanted or not inside.issuperset(graph.consumers.get(n, ())))
