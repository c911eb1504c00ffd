"""A region of memory that a runtime plans as one: its buffers with their lifetimes and offsets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgeplan.graph import Graph
from edgeplan.memory.arena import Arena, pack
from edgeplan.memory.lifetimes import ArenaRules, Lifetimes, lifetimes

__all__ = ["Pool", "buffers_of", "plan_pool", "running_graph", "running_order"]


@dataclass(frozen=True, slots=True)
class Pool:
    """An arena under the name a report gives it; `unsized` are the values its plan leaves out.

    The steps of its buffers are the ops as they stand in the graph, or in `order`, by index, where the runtime runs
    them in another one.
    """

    name: str
    arena: Arena
    unsized: tuple[str, ...] = ()
    order: tuple[int, ...] = ()


def running_order(pools: Sequence[Pool]) -> tuple[int, ...]:
    """The order in which the ops run, by index; empty where it is the one in which they stand."""
    return next((pool.order for pool in pools if pool.order), ())


def running_graph(graph: Graph, pools: Sequence[Pool]) -> Graph:
    """The graph with its ops in the order in which they run: those of the steps of the pools."""
    order = running_order(pools)
    return replace(graph, ops=tuple(graph.ops[i] for i in order)) if order else graph


def buffers_of(graph: Graph, rules: ArenaRules) -> Lifetimes:
    """When each activation is alive; what an op's body takes is packed as `pack` does it."""
    return lifetimes(graph, rules, lambda body: _body(body, rules))


def plan_pool(graph: Graph, rules: ArenaRules, name: str = "arena") -> Pool:
    """Plan all activations of a graph as one region, as small as `pack` makes it."""
    found = buffers_of(graph, rules)
    return Pool(name, pack(found.buffers, found.steps), found.unsized)


def _body(graph: Graph, rules: ArenaRules) -> tuple[int, Sequence[str]]:
    found = buffers_of(graph, rules)
    return pack(found.buffers, found.steps).size, found.unsized
