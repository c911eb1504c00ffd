"""What the other delegates take, of which no source says how they plan: DSPs, neural processors, NNAPI."""

from __future__ import annotations

from collections.abc import Iterator

from edgeplan.memory.deployment import Deployment, constants
from edgeplan.memory.lifetimes import ArenaRules
from edgeplan.memory.pool import plan_pool
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.litert import gpu, xnnpack
from edgeplan.memory.runtimes.litert.partitions import part
from edgeplan.memory.term import Term

__all__ = ["OWN", "delegate_terms"]

OWN = ("cpu", "")
"""The units whose ops the interpreter runs itself: the builtin kernels, and what has no unit."""

_KNOWN = frozenset((*OWN, gpu.UNIT, xnnpack.UNIT))


def delegate_terms(given: Deployment) -> Iterator[Term]:
    """The weights and the activations of what goes to a delegate that nothing is known about."""
    for unit in dict.fromkeys(s.unit for s in given.segments if s.unit not in _KNOWN):
        parts = [part(given.graph, s.ops) for s in given.segments if s.unit == unit]
        weights = sum(v.bytes or 0 for graph in parts for v in constants(graph).values())
        live = sum(plan_pool(graph, ArenaRules()).arena.bound for graph in parts)
        factors = given.figures["delegate-copies"]
        yield Term(
            f"{unit}-weights",
            factors.of(weights),
            "estimated",
            "always",
            "the delegate's own copy of the weights in the file's types: whether it keeps one, and in which form,"
            " is not published",
            given.figures.evidence("delegate-copies"),
        )
        yield Term(
            f"{unit}-activations",
            Range(0, live, 2 * live),
            "estimated",
            "run",
            "the most that is alive at one time on the unit: how it plans, and what it keeps on chip, is not published",
            given.figures.evidence("delegate-copies"),
        )
