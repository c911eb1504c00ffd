"""Which unit each op goes to, the segments that makes, and the values that cross between units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from edgeplan.graph import Graph
from edgeplan.place.support import Judge, Support, Verdict
from edgeplan.target import Target

__all__ = ["UNKNOWN", "Crossing", "Placement", "Segment", "place"]

UNKNOWN = "unknown"
"""The unit of an op that a preferred unit may or may not take: no row says."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A maximal run of ops on one unit, empty where none takes them; `ops` are indices into the lowered graph."""

    unit: str
    ops: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A value made on one unit and read on another; `bytes` is None while its shape is unknown."""

    value: str
    source: str
    target: str
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Placement:
    """Verdicts by op and unit, every op's unit (empty where none takes it), segments and crossings: predicted."""

    support: tuple[tuple[Support, ...], ...]
    units: tuple[str, ...]
    segments: tuple[Segment, ...]
    crossings: tuple[Crossing, ...]


def place(graph: Graph, target: Target) -> Placement:
    """Give every op the first unit, in the runtime's order of preference, that takes it.

    An op is `unknown` as soon as a unit it would prefer is: the next unit's yes says nothing about where it runs. For
    counting segments it stays with its producer. An op that every unit refuses has no unit.
    """
    judge = Judge(target)
    support = tuple(judge.support(graph, op) for op in graph.ops)
    names = tuple(unit.name for unit in target.units)
    units = tuple(_choose(names, verdicts) for verdicts in support)
    settled = _settled(graph, units)
    return Placement(support, units, _segments(graph, settled), _crossings(graph, settled))


def _choose(names: Sequence[str], verdicts: Sequence[Support]) -> str:
    for name, support in zip(names, verdicts, strict=True):
        if support.verdict is Verdict.UNKNOWN:
            return UNKNOWN
        if support.verdict.usable:
            return name
    return ""


def _settled(graph: Graph, units: Sequence[str]) -> tuple[str, ...]:
    """The units with every unknown op given that of the first op it reads from."""
    found: list[str] = []
    for i, op in enumerate(graph.ops):
        unit = units[i]
        if unit == UNKNOWN:
            makers = (graph.producer.get(n) for n in op.inputs)
            unit = next((found[m] for m in makers if m is not None), UNKNOWN)
        found.append(unit)
    return tuple(found)


def _segments(graph: Graph, units: Sequence[str]) -> tuple[Segment, ...]:
    """Runs of one unit, few of them: take every op of the current unit that is ready, then change to the unit of the
    earliest op that is. This is how LiteRT (`PartitionGraphIntoIndependentNodeSubsets`) and ONNX Runtime group nodes.
    """
    producer = graph.producer
    needs = [{producer[n] for n in graph.reads(op) if n in producer} for op in graph.ops]
    waits = [len(before) for before in needs]
    readers: list[list[int]] = [[] for _ in graph.ops]
    for i, before in enumerate(needs):
        for maker in before:
            readers[maker].append(i)
    ready: dict[str, list[int]] = {}
    for i, count in enumerate(waits):
        if count == 0:
            heappush(ready.setdefault(units[i], []), i)
    found: list[Segment] = []
    while ready:
        unit = _next_unit(ready, found[-1].unit if found else None)
        queue = ready.pop(unit)
        ops: list[int] = []
        while queue:
            i = heappop(queue)
            ops.append(i)
            for reader in readers[i]:
                waits[reader] -= 1
                if waits[reader] == 0:
                    heappush(queue if units[reader] == unit else ready.setdefault(units[reader], []), reader)
        found.append(Segment(unit, tuple(sorted(ops))))
    return tuple(found)


def _next_unit(ready: dict[str, list[int]], last: str | None) -> str:
    """The unit whose earliest ready op comes first in the model."""
    return min((u for u in ready if u != last), key=lambda u: ready[u][0], default=last or "")


def _crossings(graph: Graph, units: Sequence[str]) -> tuple[Crossing, ...]:
    found: dict[tuple[str, str], Crossing] = {}
    for name, readers in graph.consumers.items():
        maker = graph.producer.get(name)
        if maker is None or graph.values[name].const:
            continue
        for reader in readers:
            if units[reader] != units[maker]:
                key = (name, units[reader])
                found.setdefault(key, Crossing(name, units[maker], units[reader], graph.values[name].bytes))
    return tuple(found.values())
