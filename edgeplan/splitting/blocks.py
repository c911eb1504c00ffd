"""Ops that stay together: those that one kernel runs, on either side, so that no fusion is cut open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.splitting.problem import INPUT, Problem

__all__ = ["blocks_of"]

Array = NDArray[Any]


def blocks_of(problem: Problem, kernels: Iterable[Sequence[int]]) -> Array:
    """The block [ops] of each op: joined where a kernel holds both, numbered so that a block comes after what it reads.

    Kernels that need each other's results in turn are one block, too: whichever side runs one runs the other.
    """
    root = np.arange(problem.ops)

    def find(op: int) -> int:
        while root[op] != op:
            root[op] = root[root[op]]
            op = int(root[op])
        return op

    for kernel in kernels:
        first = find(kernel[0])
        for op in kernel[1:]:
            at = find(op)
            first, last = min(first, at), max(first, at)
            root[last] = first
    found = np.array([find(op) for op in range(problem.ops)], np.int64)
    while True:
        numbers = _numbered(problem, found)
        if numbers is not None:
            return numbers[found]
        found = _condensed(problem, found)


def _arcs(problem: Problem, block: Array) -> list[tuple[int, int]]:
    """The pairs of blocks of which the second reads the first."""
    made = problem.maker[problem.tensor] != INPUT
    start, end = block[problem.maker[problem.tensor][made]], block[problem.reader[made]]
    apart = start != end
    size = max(problem.ops, 1)
    pairs = np.unique(start[apart] * size + end[apart])
    return list(zip((pairs // size).tolist(), (pairs % size).tolist(), strict=True))


def _numbered(problem: Problem, block: Array) -> Array | None:
    """Numbers [ops] for the blocks by their names, in an order they can run in, first op first; None in a circle."""
    readers: dict[int, list[int]] = defaultdict(list)
    waits: dict[int, int] = dict.fromkeys(np.unique(block).tolist(), 0)
    for start, end in _arcs(problem, block):
        readers[start].append(end)
        waits[end] += 1
    ready = [b for b, count in waits.items() if not count]
    heapify(ready)
    numbers, count = np.full(problem.ops, -1, np.int64), 0
    while ready:
        at = heappop(ready)
        numbers[at], count = count, count + 1
        for end in readers[at]:
            waits[end] -= 1
            if not waits[end]:
                heappush(ready, end)
    return numbers if count == len(waits) else None


def _condensed(problem: Problem, block: Array) -> Array:
    """The blocks, those in a circle as one."""
    import networkx as nx

    graph = nx.DiGraph(_arcs(problem, block))
    name = np.arange(problem.ops)
    for circle in nx.strongly_connected_components(graph):
        name[list(circle)] = min(circle)
    found: Array = name[block]
    return found
