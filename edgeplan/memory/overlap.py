"""Whether a plan is valid, checked apart from how it was made: no two buffers that live together share a byte."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from edgeplan.memory.arena import Arena
from edgeplan.memory.lifetimes import Buffer

__all__ = ["overlaps"]


def overlaps(arena: Arena) -> tuple[tuple[Buffer, Buffer], ...]:
    """The pairs of buffers that are alive at the same step at the same address, each once; none in a valid plan.

    A pass over time with those alive in a tree by address: O((n + found) log n).
    """
    placed = [(at, b) for at, b in zip(arena.offsets, arena.buffers, strict=True) if b.size]
    placed.sort(key=lambda entry: (entry[0], entry[1].born))  # from here on a buffer's index is its rank by address
    starts = [at for at, _ in placed]
    alive = _Ends(len(placed))
    leaving = sorted(range(len(placed)), key=lambda i: placed[i][1].dies, reverse=True)
    found: list[tuple[Buffer, Buffer]] = []
    for i in sorted(range(len(placed)), key=lambda i: placed[i][1].born):
        at, b = placed[i]
        while placed[leaving[-1]][1].dies < b.born:
            alive.set(leaving.pop(), 0)
        found += ((placed[j][1], b) for j in alive.beyond(at, bisect_left(starts, at + b.size)))
        alive.set(i, at + b.size)
    return tuple(found)


class _Ends:
    """Where the buffers alive end, by rank of their address, under a tree of the largest end: 0 for those not alive."""

    def __init__(self, count: int) -> None:
        self._width = 1
        while self._width < count:
            self._width *= 2
        self._most = [0] * (2 * self._width)

    def set(self, rank: int, end: int) -> None:
        """Let a buffer come alive, or go."""
        node = rank + self._width
        self._most[node] = end
        while node > 1:
            node //= 2
            self._most[node] = max(self._most[2 * node], self._most[2 * node + 1])

    def beyond(self, address: int, before: int) -> Iterator[int]:
        """Those of a rank below `before` that end beyond an address."""
        left = [(1, 0, self._width)]
        while left:
            node, first, span = left.pop()
            if first >= before or self._most[node] <= address:
                continue
            if span == 1:
                yield first
            else:
                half = span // 2
                left += ((2 * node + 1, first + half, half), (2 * node, first, half))
