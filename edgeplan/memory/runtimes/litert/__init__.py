"""LiteRT: the interpreter's arena, and what its delegates add."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgeplan.memory.deployment import Deployment
from edgeplan.memory.pool import Pool
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.litert.builtin import builtin_arena
from edgeplan.memory.runtimes.profile import Profile
from edgeplan.memory.term import Term

__all__ = ["PROFILE"]


def _pools(given: Deployment) -> tuple[Pool, ...]:
    return (builtin_arena(given.graph, given.on("cpu")),)


def _terms(given: Deployment, pools: Sequence[Pool]) -> Iterable[Term]:
    yield Term("weights", Range.exactly(given.weights), "computed", "always", "every constant once, in its own type")
    for pool in pools:
        basis = f"activations that live at the same time, {pool.arena.method}"
        yield Term(pool.name, Range.exactly(pool.arena.size), "computed", "run", basis)


PROFILE = Profile(_pools, _terms)
