"""The same buffers packed as tightly as there is: what a solver makes of a runtime's plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeplan.memory.exact import solve
from edgeplan.memory.pool import Pool

__all__ = ["Packing", "packing"]


@dataclass(frozen=True, slots=True)
class Packing:
    """Bytes of all regions as the runtime packs them, and as a solver does; no plan takes less than `least`.

    `why` says why no solver was asked, where none was.
    """

    before: int
    after: int
    least: int
    why: str = ""


def packing(pools: Sequence[Pool], steps: int, seconds: float = 20.0) -> Packing:
    """Every region that is larger than what is alive in it at once, packed by a solver for up to `seconds` in all.

    The runtime packs as its plan says: the figure is what an offline plan could win, where it takes one.
    """
    loose = [pool for pool in pools if pool.arena.size > pool.arena.bound]
    before = sum(pool.arena.size for pool in pools)
    after = least = before
    for pool in loose:
        found = solve(pool.arena.buffers, steps, seconds=seconds / len(loose))
        if isinstance(found, str):
            return Packing(before, before, before - sum(p.arena.size - p.arena.bound for p in loose), found)
        after -= max(pool.arena.size - found.arena.size, 0)
        least -= max(pool.arena.size - found.proven, 0)
    return Packing(before, after, least)
