"""Offsets in the order in which buffers are born: one pass over time with a free list, best fit and coalescing."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Sequence

from edgeplan.memory.lifetimes import Buffer

__all__ = ["in_time"]

_FOREVER = 1 << 62


def in_time(buffers: Sequence[Buffer], capacity: int) -> list[int]:
    """Offsets that stay below `capacity` while something fits there.

    A buffer goes into the smallest gap, at the end where its neighbour lives longer: a chain then goes back and forth
    between the two ends of the arena and leaves no holes. O(n log n).
    """
    offsets = [0] * len(buffers)
    gaps = _Gaps(capacity)
    alive: list[tuple[int, int]] = []
    sized = (i for i, b in enumerate(buffers) if b.size)
    for i in sorted(sized, key=lambda i: (buffers[i].born, -buffers[i].dies, -buffers[i].size)):
        b = buffers[i]
        while alive and alive[0][0] < b.born:
            gone = heapq.heappop(alive)[1]
            gaps.free(offsets[gone], buffers[gone].size)
        offsets[i] = gaps.take(b.size, b.dies)
        heapq.heappush(alive, (b.dies, i))
    return offsets


class _Gaps:
    """The free gaps of an arena, by size and by both ends; it grows when nothing fits."""

    def __init__(self, capacity: int) -> None:
        self._end = capacity
        self._sizes: list[tuple[int, int]] = []
        self._at: dict[int, int] = {}
        self._to: dict[int, int] = {}
        self._add(0, capacity)
        # How long what lies below and above an address lives, the arena's own ends included.
        self._below = {0: _FOREVER}
        self._above = {capacity: _FOREVER}

    def take(self, size: int, dies: int) -> int:
        """The address for a buffer."""
        fitting = bisect_left(self._sizes, (size, -1))
        if fitting < len(self._sizes):
            free, start = self._sizes[fitting]
            at = start + free - size if self._below[start] < self._above[start + free] else start
        else:
            start = at = self._to.get(self._end, self._end)
            free = size
            self._end = start + size
            self._above[self._end] = _FOREVER
        self._drop(start)
        self._add(start, at - start)
        self._add(at + size, start + free - at - size)
        self._below[at + size] = self._above[at] = dies
        return at

    def free(self, at: int, size: int) -> None:
        """Give a buffer's place back and join it with the gaps beside it."""
        start, end = self._to.get(at, at), at + size
        self._drop(start)
        end += self._at.get(end, 0)
        self._drop(at + size)
        self._add(start, end - start)

    def _add(self, start: int, size: int) -> None:
        if size:
            insort(self._sizes, (size, start))
            self._at[start] = size
            self._to[start + size] = start

    def _drop(self, start: int) -> None:
        size = self._at.pop(start, 0)
        if size:
            del self._to[start + size]
            del self._sizes[bisect_left(self._sizes, (size, start))]
