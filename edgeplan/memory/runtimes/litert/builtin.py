"""The arena of LiteRT's interpreter, where its own kernels run."""

from __future__ import annotations

from collections.abc import Collection

from edgeplan.graph import Graph
from edgeplan.memory.lifetimes import ArenaRules
from edgeplan.memory.pool import Pool, plan_pool
from edgeplan.memory.runtimes.litert.scratch import scratch
from edgeplan.memory.runtimes.litert.sharing import shared
from edgeplan.memory.runtimes.litert.states import states

__all__ = ["builtin_arena"]


def builtin_arena(graph: Graph, own: Collection[int] | None = None) -> Pool:
    """The arena when the builtin kernels run the ops `own`, by index, or all of them: these ask for scratch memory."""
    mine = range(len(graph.ops)) if own is None else frozenset(own)
    rules = ArenaRules(
        shared,
        inputs_stay=True,
        scratch=lambda where, i: scratch(where, where.ops[i]) if where is not graph or i in mine else (),
        states=lambda where: states(where) if where is graph else {},
    )
    return plan_pool(graph, rules)
