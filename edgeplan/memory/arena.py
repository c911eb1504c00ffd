"""Offsets for buffers in one arena: greedy by size, greedy by breadth, and the bound no plan can go below.

Both heuristics are those of Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference"
(arXiv 2001.03288): place the buffers one by one in the smallest gap between those already placed that are alive at the
same time. They differ in the order: largest first, or first those alive at the steps where most is alive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.live import live_bytes, lower_bound

__all__ = ["Arena", "Fit", "arrange", "pack"]

Fit = Literal["best", "first"]
"""Which gap a buffer takes: the smallest it fits into, or the lowest."""


@dataclass(frozen=True, slots=True)
class Arena:
    """A plan: `offsets[i]` bytes for `buffers[i]`. `bound` is the largest live set; `size` is never below it."""

    buffers: tuple[Buffer, ...]
    offsets: tuple[int, ...]
    size: int
    bound: int
    method: str
    peak_step: int


def arrange(
    buffers: Sequence[Buffer],
    order: Iterable[int],
    steps: int,
    method: str,
    *,
    fit: Fit = "best",
    alignment: int = 1,
) -> Arena:
    """Place buffers one by one in an order of their indices, each index once.

    Each goes into a gap between those already placed that live at the same time, else on top of them, at a multiple of
    `alignment` bytes. `size` is the end of the topmost buffer.
    """
    bound, peak = lower_bound(buffers, steps)
    offsets, size = _place(buffers, order, steps, fit, alignment)
    return Arena(tuple(buffers), tuple(offsets), size, bound, method, peak)


def pack(buffers: Sequence[Buffer], steps: int) -> Arena:
    """The better of the two greedy plans; the second is tried only when the first misses the bound.

    O(n log n + overlaps).
    """
    by_size = sorted(range(len(buffers)), key=lambda i: (-buffers[i].size, buffers[i].born))
    found = arrange(buffers, by_size, steps, "greedy by size")
    if found.size > found.bound:
        other = arrange(buffers, _by_breadth(buffers, steps), steps, "greedy by breadth")
        if other.size < found.size:
            return other
    return found


def _by_breadth(buffers: Sequence[Buffer], steps: int) -> list[int]:
    """Buffers by the largest breadth (bytes alive) of a step they live through, then by size."""
    width = 1
    while width < max(steps, 1):
        width *= 2
    tree = [(0, 0)] * (2 * width)
    for step, live in enumerate(live_bytes(buffers, steps)):
        tree[width + step] = (live, -step)
    for node in range(width - 1, 0, -1):
        tree[node] = max(tree[2 * node], tree[2 * node + 1])
    widest = [max(tree[node] for node in _cover(b.born, b.dies, width)) for b in buffers]
    return sorted(range(len(buffers)), key=lambda i: (-widest[i][0], -widest[i][1], -buffers[i].size))


def _place(
    buffers: Sequence[Buffer], order: Iterable[int], steps: int, fit: Fit, alignment: int
) -> tuple[list[int], int]:
    offsets = [0] * len(buffers)
    placed = _Timeline(steps)
    size = 0
    for i in order:
        b = buffers[i]
        best, best_gap, top = -1, -1, 0
        for start, end in sorted((offsets[j], offsets[j] + buffers[j].size) for j in placed.overlapping(b)):
            at = -(-top // alignment) * alignment
            if start >= at + b.size and (best < 0 or start - at < best_gap):
                best, best_gap = at, start - top
                if fit == "first":
                    break
            top = max(top, end)
        offsets[i] = best if best >= 0 else -(-top // alignment) * alignment
        size = max(size, offsets[i] + b.size)
        placed.add(i, b)
    return offsets, size


def _cover(first: int, last: int, width: int) -> Iterator[int]:
    """The nodes of a segment tree over `width` steps that together cover first..last, both included."""
    low, high = first + width, last + width + 1
    while low < high:
        if low & 1:
            yield low
            low += 1
        if high & 1:
            high -= 1
            yield high
        low >>= 1
        high >>= 1


class _Timeline:
    """Intervals by the step they start at, and in a segment tree: those that overlap a given one are found at once.

    They are the ones that start while it lives, and the ones that started before and still live at its first step.
    """

    def __init__(self, steps: int) -> None:
        self._width = 1
        while self._width < max(steps, 1):
            self._width *= 2
        self._started: list[list[int]] = [[] for _ in range(self._width)]
        self._covering: dict[int, dict[int, list[int]]] = {}  # by height above the leaves, then by node

    def add(self, index: int, b: Buffer) -> None:
        """Store an interval."""
        self._started[b.born].append(index)
        for node in _cover(b.born + 1, b.dies, self._width):
            height = self._width.bit_length() - node.bit_length()
            self._covering.setdefault(height, {}).setdefault(node, []).append(index)

    def overlapping(self, b: Buffer) -> list[int]:
        """The stored intervals that share a step with this one, each once."""
        found: list[int] = []
        for started in self._started[b.born : b.dies + 1]:
            found += started
        leaf = b.born + self._width
        for height, nodes in self._covering.items():
            found += nodes.get(leaf >> height, ())
        return found
