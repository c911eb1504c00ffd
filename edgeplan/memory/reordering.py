"""A graph in an order of its ops that keeps less alive at the peak, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from edgeplan.graph import Graph
from edgeplan.memory.lifetimes import ArenaRules
from edgeplan.memory.order import lower_peak_order, reordered

__all__ = ["NewOrder", "Reordered", "in_lower_order"]


@dataclass(frozen=True, slots=True)
class NewOrder:
    """The ops by name, in the order to run them, and how many stand elsewhere than before.

    `before` and `after` are the bytes alive at the peak, of activations alone and as any runtime would have them: views
    share a buffer, nothing else does. Proved: every op runs after those that make what it reads, and those that do
    more than make their outputs stay in their order.
    """

    ops: tuple[str, ...]
    moved: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Reordered:
    """The graph with its ops in the new order."""

    graph: Graph
    order: NewOrder


def in_lower_order(graph: Graph) -> Reordered:
    """The graph in an order with a lower peak; as it stands where none was found."""
    found = lower_peak_order(graph, ArenaRules())
    changed = reordered(graph, found.order) if found.moved else graph
    return Reordered(changed, NewOrder(tuple(op.name for op in changed.ops), found.moved, found.before, found.after))
