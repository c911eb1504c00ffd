"""A better order to place buffers in, found by changing the one there is where the topmost buffer stands.

The idea is that of the hill climbing allocators of TVM and of Arm's Vela: what stands on top stands on a pile of
others; let two of them change places in the order and keep the change when the plan does not grow.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from edgeplan.memory.lifetimes import Buffer

__all__ = ["climb"]

_CLIMBS = 4


def climb(buffers: Sequence[Buffer], order: Sequence[int], bound: int, work: int) -> list[int] | None:
    """Offsets by first fit in the best order found from `order` on; None where there are too many buffers to try.

    Stops at the bound, and after about `work` looks at pairs of buffers that live at the same time: four climbs from
    the same start. The same buffers always get the same offsets.
    """
    beside = _contemporaries(buffers, work // 8)
    if beside is None:
        return None
    sizes = [b.size for b in buffers]
    found: list[_Pile] = []
    for start in range(_CLIMBS):
        random = Random(start)
        pile = _Pile(sizes, beside, list(order))
        found.append(pile)
        tried = 0
        while pile.height > bound and pile.looks + tried < work // _CLIMBS:
            pile.change(random)
            tried += 1
        if pile.height <= bound:
            break
    return min(found, key=lambda pile: pile.height).offsets


class _Pile:
    """Buffers placed by first fit in an order, and what each stands on."""

    def __init__(self, sizes: list[int], beside: list[list[int]], order: list[int]) -> None:
        self._sizes = sizes
        self._beside = beside
        self._order = order
        self._rank = [0] * len(order)
        self._number(order)
        self.looks = 0
        self.height = 0
        self.offsets = [-1] * len(sizes)
        self.height = self._place(order, 0, self.offsets, sum(sizes)) or 0

    def change(self, random: Random) -> None:
        """Let a buffer of the pile below a topmost one change its rank with another of the pile or beside it."""
        sizes, offsets = self._sizes, self.offsets
        topmost = random.choice([i for i in self._order if offsets[i] + sizes[i] == self.height])
        pile = self._under(topmost)
        one = random.choice(pile)
        others = sorted({*pile, *self._beside[one]} - {one})
        if not others:
            return
        first, second = sorted((self._rank[one], self._rank[random.choice(others)]))
        order = self._order.copy()
        if random.random() < 0.5:
            order[first], order[second] = order[second], order[first]
        else:
            order.insert(first, order.pop(second))
        moved = offsets.copy()
        for i in self._order[first:]:
            moved[i] = -1
        height = self._place(order, first, moved, self.height)
        if height is not None:
            self._order, self.offsets, self.height = order, moved, height
            self._number(order)

    def _number(self, order: list[int]) -> None:
        for rank, i in enumerate(order):
            self._rank[i] = rank

    def _under(self, topmost: int) -> list[int]:
        """A buffer with those it stands on, those they stand on, and so forth."""
        found, seen = [topmost], {topmost}
        for i in found:
            for j in self._beside[i]:
                if j not in seen and self.offsets[j] + self._sizes[j] == self.offsets[i]:
                    seen.add(j)
                    found.append(j)
        return found

    def _place(self, order: list[int], start: int, offsets: list[int], limit: int) -> int | None:
        """Place all from a rank on; the height, or None when it is more than the limit."""
        sizes, beside = self._sizes, self._beside
        height = max((offsets[i] + sizes[i] for i in order[:start]), default=0)
        for i in order[start:]:
            size, at = sizes[i], 0
            self.looks += len(beside[i])
            for below, end in sorted([(offsets[j], offsets[j] + sizes[j]) for j in beside[i] if offsets[j] >= 0]):
                if below - at >= size:
                    break
                if end > at:
                    at = end
            offsets[i] = at
            if at + size > height:
                height = at + size
                if height > limit:
                    return None
        return height


def _contemporaries(buffers: Sequence[Buffer], limit: int) -> list[list[int]] | None:
    """For each buffer those that live at the same time; None when there are more than `limit` such pairs."""
    beside: list[list[int]] = [[] for _ in buffers]
    alive: list[int] = []
    pairs = 0
    for i in sorted(range(len(buffers)), key=lambda i: buffers[i].born):
        alive = [j for j in alive if buffers[j].dies >= buffers[i].born]
        pairs += len(alive)
        if pairs > limit:
            return None
        for j in alive:
            beside[i].append(j)
            beside[j].append(i)
        alive.append(i)
    return beside
