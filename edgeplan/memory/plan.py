"""The memory a network needs: its weights as the runtime keeps them, and the arena its activations share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from edgeplan.graph import Graph, Value
from edgeplan.memory.arena import Arena, pack
from edgeplan.memory.lifetimes import lifetimes
from edgeplan.memory.runtimes import states

__all__ = ["MemoryPlan", "plan_memory"]


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Bytes. `arena` is None when nothing could be sized; `unsized` names the values the plan leaves out.

    What a delegate or a compiled program adds (padding, packed copies of weights, workspace) is not in it.
    """

    weights: int
    arena: Arena
    unsized: tuple[str, ...]

    @property
    def total(self) -> int:
        """Weights and arena together; a lower bound while values are unsized."""
        return self.weights + self.arena.size


def plan_memory(graph: Graph, own: Collection[int] = ()) -> MemoryPlan:
    """Plan a lowered graph at the order in which its ops stand.

    `own` are the ops, by index, that the runtime's own kernels run: theirs is the scratch memory in the arena.
    """
    found = lifetimes(graph, _body_arena, states=states(graph), own=frozenset(own))
    constants = _constants(graph)
    unsized = (*found.unsized, *(n for n, v in constants.items() if v.bytes is None))
    return MemoryPlan(sum(v.bytes or 0 for v in constants.values()), pack(found.buffers, found.steps), unsized)


def _body_arena(graph: Graph) -> tuple[int, tuple[str, ...]]:
    found = lifetimes(graph, _body_arena)
    return pack(found.buffers, found.steps).size, found.unsized


def _constants(graph: Graph) -> dict[str, Value]:
    """The constants that ops read, bodies included, each once; those an op expands at run time as stored."""
    found: dict[str, Value] = {}
    for owner, op in graph.walk():
        for name in op.inputs:
            value = owner.values[name]
            if value.const and name not in owner.producer:
                found[name] = value
    return found
