"""Offsets for buffers in one arena: greedy by size, greedy by breadth, and the bound no plan can go below.

Both heuristics are those of Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference"
(arXiv 2001.03288): place the buffers one by one in the smallest gap between those already placed that are alive at the
same time. They differ in the order: largest first, or first those alive at the steps where most is alive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from edgeplan.memory.lifetimes import Buffer

__all__ = ["Arena", "lower_bound", "pack"]


@dataclass(frozen=True, slots=True)
class Arena:
    """A plan: `offsets[i]` bytes for `buffers[i]`. `bound` is the largest live set; `size` is never below it."""

    buffers: tuple[Buffer, ...]
    offsets: tuple[int, ...]
    size: int
    bound: int
    method: str
    peak_step: int


def lower_bound(buffers: Sequence[Buffer], steps: int) -> tuple[int, int]:
    """The largest sum of sizes alive at one step, and the first step where it is reached."""
    live = _live(buffers, steps)
    best = max(range(len(live)), key=live.__getitem__, default=0)
    return (live[best] if live else 0), best


def pack(buffers: Sequence[Buffer], steps: int) -> Arena:
    """The better of the two greedy plans; the second is tried only when the first misses the bound.

    O(n log n + overlaps).
    """
    bound, peak = lower_bound(buffers, steps)
    by_size = sorted(range(len(buffers)), key=lambda i: (-buffers[i].size, buffers[i].born))
    offsets, size, method = *_place(buffers, by_size, steps), "greedy by size"
    if size > bound:
        other, other_size = _place(buffers, _by_breadth(buffers, steps), steps)
        if other_size < size:
            offsets, size, method = other, other_size, "greedy by breadth"
    return Arena(tuple(buffers), tuple(offsets), size, bound, method, peak)


def _live(buffers: Sequence[Buffer], steps: int) -> list[int]:
    change = [0] * (steps + 1)
    for b in buffers:
        change[b.born] += b.size
        change[b.dies + 1 if b.dies < steps else steps] -= b.size
    live: list[int] = []
    now = 0
    for delta in change[:steps]:
        now += delta
        live.append(now)
    return live


def _by_breadth(buffers: Sequence[Buffer], steps: int) -> list[int]:
    """Buffers by the largest breadth (bytes alive) of a step they live through, then by size."""
    width = 1
    while width < max(steps, 1):
        width *= 2
    tree = [(0, 0)] * (2 * width)
    for step, live in enumerate(_live(buffers, steps)):
        tree[width + step] = (live, -step)
    for node in range(width - 1, 0, -1):
        tree[node] = max(tree[2 * node], tree[2 * node + 1])
    widest = [max(tree[node] for node in _cover(b.born, b.dies, width)) for b in buffers]
    return sorted(range(len(buffers)), key=lambda i: (-widest[i][0], -widest[i][1], -buffers[i].size))


def _place(buffers: Sequence[Buffer], order: Iterable[int], steps: int) -> tuple[list[int], int]:
    """Put each buffer in the smallest gap it fits among its contemporaries, else on top of them."""
    offsets = [0] * len(buffers)
    placed = _Timeline(steps)
    size = 0
    for i in order:
        b = buffers[i]
        best, best_gap, top = -1, -1, 0
        for start, end in sorted((offsets[j], offsets[j] + buffers[j].size) for j in placed.overlapping(b)):
            gap = start - top
            if gap >= b.size and (best < 0 or gap < best_gap):
                best, best_gap = top, gap
            top = max(top, end)
        offsets[i] = best if best >= 0 else top
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
