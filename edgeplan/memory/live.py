"""How many bytes are alive at each step, and the bound no plan can go below."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.memory.lifetimes import Buffer

__all__ = ["live_bytes", "lower_bound"]


def live_bytes(buffers: Sequence[Buffer], steps: int) -> list[int]:
    """The sum of the sizes alive at each of the steps."""
    change = [0] * (steps + 1)
    for b in buffers:
        change[b.born] += b.size
        change[min(b.dies + 1, steps)] -= b.size
    live: list[int] = []
    now = 0
    for delta in change[:steps]:
        now += delta
        live.append(now)
    return live


def lower_bound(buffers: Sequence[Buffer], steps: int) -> tuple[int, int]:
    """The largest sum of sizes alive at one step, and the first step where it is reached.

    Where no op runs, what is given is alive all the same: at step 0.
    """
    live = live_bytes(buffers, max(steps, 1))
    best = max(range(len(live)), key=live.__getitem__)
    return live[best], best
