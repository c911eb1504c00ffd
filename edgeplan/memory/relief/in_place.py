"""Less memory by writing the result of an element-wise op over an input that nothing reads any more."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.memory.arena import pack
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.overwriting import joined, overwritten
from edgeplan.memory.pool import Pool
from edgeplan.memory.relief.value import NoRelief, Relief

__all__ = ["in_place"]

_NAME = "in-place"


def in_place(given: Deployment, pools: Sequence[Pool]) -> Relief | NoRelief:
    """Every region packed anew with the buffers joined that element-wise ops could share.

    What the runtime is known to share is in the buffers already. Compilers that fuse such an op into the one before it
    may do more than is known of them, so this is what the plan may be too high by as much as it is advice: estimated.
    """
    graph = given.graph
    over = overwritten(graph, pools)
    if not over:
        return NoRelief(_NAME, "no element-wise op reads a buffer for the last time that it could write over")
    before = sum(pool.arena.size for pool in pools)
    after = before - sum(_saved(pool, over, len(graph.ops)) for pool in pools)
    if after >= before:
        return NoRelief(_NAME, "the peak does not lie at an element-wise op that could write over its input")
    count = f"{len(over):,} element-wise op{'' if len(over) == 1 else 's'}"
    what = f"{count} fused into what makes their input, or written over it; a compiler may do so already"
    return Relief(_NAME, before, after, "estimated", what)


def _saved(pool: Pool, over: dict[str, str], steps: int) -> int:
    """Bytes by which the pool is smaller, both packed in the same way: the runtime's own may be another."""
    found = joined(pool, over)
    if len(found) == len(pool.arena.buffers):
        return 0
    return pack(pool.arena.buffers, steps).size - pack(found, steps).size
