"""Placing buffers one by one in the gaps that those before them left, and the orders in which to do so.

Both orders are those of Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference" (arXiv
2001.03288): largest first, or first those alive at the steps where most is alive.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Literal

from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.live import live_bytes
from edgeplan.memory.occupied import Occupied
from edgeplan.units import round_up

__all__ = ["Fit", "by_breadth", "by_size", "place"]

Fit = Literal["best", "first"]
"""Which gap a buffer takes: the smallest it fits into, or the lowest."""


def by_size(buffers: Sequence[Buffer]) -> list[int]:
    """Buffers, by index, largest first; of equal ones the earliest born."""
    return sorted(range(len(buffers)), key=lambda i: (-buffers[i].size, buffers[i].born))


def by_breadth(buffers: Sequence[Buffer], steps: int) -> list[int]:
    """Buffers, by index, by the most bytes alive at one of the steps they live through, then by size."""
    live = live_bytes(buffers, max(steps, 1))
    widest = _Widest([(bytes_, -step) for step, bytes_ in enumerate(live)])
    breadth = [widest.between(b.born, min(b.dies, len(live) - 1)) for b in buffers]
    return sorted(range(len(buffers)), key=lambda i: (-breadth[i][0], -breadth[i][1], -buffers[i].size))


def place(
    buffers: Sequence[Buffer],
    order: Iterable[int],
    fit: Fit = "best",
    alignment: int = 1,
    budget: int | None = None,
) -> list[int] | None:
    """The offset of each buffer, placed in an order of their indices.

    Each goes into a gap between those already placed that live at the same time, else on top of them. None once more
    than `budget` spans of taken addresses were looked at: few where buffers live shortly, at worst O(n^2).
    """
    births = sorted({b.born for b in buffers})  # buffers that live together do so at a step where one is born
    at_birth = {step: i for i, step in enumerate(births)}
    taken = Occupied(len(births))
    offsets = [0] * len(buffers)
    looked = 0
    for i in order:
        b = buffers[i]
        size = b.size
        if not size:
            continue
        first, last = at_birth[b.born], bisect_right(births, b.dies) - 1
        spans = taken.spans(first, last)
        looked += len(spans)
        if budget is not None and looked > budget:
            return None
        best, best_gap, top = -1, -1, 0
        for start, end in spans:
            if start - top >= size:
                at = round_up(top, alignment)
                if start >= at + size and (best < 0 or start - at < best_gap):
                    best, best_gap = at, start - top
                    if fit == "first":
                        break
            if end > top:
                top = end
        offsets[i] = best if best >= 0 else round_up(top, alignment)
        taken.take(first, last, offsets[i], offsets[i] + size)
    return offsets


class _Widest:
    """The largest of a run of values, from a table of the runs whose lengths are powers of two."""

    def __init__(self, values: list[tuple[int, int]]) -> None:
        self._runs = [values]
        span = 1
        while 2 * span <= len(values):
            last = self._runs[-1]
            self._runs.append(list(map(max, last, last[span:])))
            span *= 2

    def between(self, first: int, last: int) -> tuple[int, int]:
        """The largest from `first` to `last`, both included."""
        height = (last - first + 1).bit_length() - 1
        runs = self._runs[height]
        return max(runs[first], runs[last - (1 << height) + 1])
