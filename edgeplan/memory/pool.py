"""A region of memory that a runtime plans as one: its buffers with their lifetimes and offsets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeplan.graph import Graph
from edgeplan.memory.arena import Arena, pack
from edgeplan.memory.lifetimes import ArenaRules, lifetimes

__all__ = ["Pool", "plan_pool"]


@dataclass(frozen=True, slots=True)
class Pool:
    """An arena under the name a report gives it; `unsized` are the values its plan leaves out."""

    name: str
    arena: Arena
    unsized: tuple[str, ...] = ()


def plan_pool(graph: Graph, rules: ArenaRules, name: str = "arena") -> Pool:
    """Plan all activations of a graph as one region, by the better of two greedy plans."""
    found = lifetimes(graph, rules, lambda body: _body(body, rules))
    return Pool(name, pack(found.buffers, found.steps), found.unsized)


def _body(graph: Graph, rules: ArenaRules) -> tuple[int, Sequence[str]]:
    found = lifetimes(graph, rules, lambda body: _body(body, rules))
    return pack(found.buffers, found.steps).size, found.unsized
