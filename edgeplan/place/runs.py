"""The runs of ops on one unit that a graph falls into when every op's unit is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from edgeplan.graph import Graph

__all__ = ["Segment", "runs_of"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A maximal run of ops on one unit, empty where none takes them; `ops` are indices into the lowered graph."""

    unit: str
    ops: tuple[int, ...]


def runs_of(graph: Graph, units: Sequence[str], parts: Sequence[tuple[int, ...]] = ()) -> tuple[Segment, ...]:
    """Runs of one unit, few of them: take every op of the current unit that is ready, then change to the unit of the
    earliest op that is. This is how LiteRT groups nodes (`PartitionGraphIntoIndependentNodeSubsets`).

    Each of `parts` is one node of its unit already: a runtime that hands a graph to one unit after the other does not
    take it apart again for the next.
    """
    if len(set(units)) == 1:
        return (Segment(units[0], tuple(range(len(units)))),)
    node = list(range(len(units)))
    for part in parts:
        for i in part:
            node[i] = part[0]
    members: list[list[int]] = [[] for _ in units]
    needs: list[set[int]] = [set() for _ in units]
    for i, op in enumerate(graph.ops):
        members[node[i]].append(i)
        needs[node[i]].update(node[graph.producer[n]] for n in graph.reads(op) if n in graph.producer)
    readers: list[list[int]] = [[] for _ in units]
    for i, before in enumerate(needs):
        before.discard(i)
        for maker in before:
            readers[maker].append(i)
    waits = [len(before) for before in needs]
    ready: dict[str, list[int]] = {}
    for i, count in enumerate(waits):
        if count == 0 and members[i]:
            heappush(ready.setdefault(units[i], []), i)
    found: list[Segment] = []
    while ready:
        unit = _next_unit(ready, found[-1].unit if found else None)
        queue = ready.pop(unit)
        ops: list[int] = []
        while queue:
            i = heappop(queue)
            ops += members[i]
            for reader in readers[i]:
                waits[reader] -= 1
                if waits[reader] == 0:
                    heappush(queue if units[reader] == unit else ready.setdefault(units[reader], []), reader)
        found.append(Segment(unit, tuple(sorted(ops))))
    return tuple(found)


def _next_unit(ready: dict[str, list[int]], last: str | None) -> str:
    """The unit whose earliest ready op comes first in the model."""
    return min((u for u in ready if u != last), key=lambda u: ready[u][0], default=last or "")
