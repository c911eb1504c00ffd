"""How much each op does: multiply-accumulates of contractions, and the bytes it reads and writes.

MACs count contractions only (convolutions, matrix products, recurrences, attention); everything else is told by the
bytes it moves. Views (reshape and its kin) move nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edgeplan.cost.macs import macs_of
from edgeplan.graph import Body, Graph, Op
from edgeplan.lower.views import is_view

__all__ = ["Work", "work_of"]


@dataclass(frozen=True, slots=True)
class Work:
    """`macs` multiply-accumulates, `read` and `written` bytes; None while a shape or a trip count is unknown."""

    macs: int | None
    read: int | None
    written: int | None

    @property
    def moved(self) -> int | None:
        """Bytes read and written together."""
        return None if self.read is None or self.written is None else self.read + self.written


def work_of(graph: Graph, op: Op) -> Work:
    """The work of one op, its bodies included: a loop's as often as it runs, an If's larger branch."""
    if op.bodies:
        return _bodies(op)
    macs = macs_of(graph, op)
    if is_view(graph, op):
        return Work(macs, 0, 0)
    return Work(macs, _total(graph, op.inputs), _total(graph, op.outputs))


def _total(graph: Graph, names: Iterable[str]) -> int | None:
    total = 0
    for name in names:
        size = graph.values[name].bytes
        if size is None:
            return None
        total += size
    return total


def _bodies(op: Op) -> Work:
    each = [_body(b) for b in op.bodies]
    if len(each) == 1:
        return each[0]
    return max(each, key=lambda w: (w.macs is None, w.macs or 0, w.moved or 0))


def _body(body: Body) -> Work:
    ops = [work_of(body.graph, op) for op in body.graph.ops]

    def times(parts: list[int | None]) -> int | None:
        known = [p for p in parts if p is not None]
        if len(known) < len(parts):
            return None
        return 0 if not any(known) else None if body.trips is None else sum(known) * body.trips

    return Work(times([w.macs for w in ops]), times([w.read for w in ops]), times([w.written for w in ops]))
