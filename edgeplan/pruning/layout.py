"""How the indices of a tensor's axes hang together: each axis by itself, or several as one that was split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from edgeplan.graph import Shape
from edgeplan.pruning.atoms import Labels

__all__ = ["MOST", "Block", "Layout", "chunks"]

MOST = 1 << 24
"""Indices that are told apart at most, along one axis or several together: a shape may say what no memory holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Axes, ascending, and the atom of every combination of their indices: `labels` has one dimension for each."""

    axes: tuple[int, ...]
    labels: Labels

    def at(self, axis: int) -> int:
        """The dimension of `labels` that stands for an axis."""
        return self.axes.index(axis)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The blocks of a tensor. Axes in none of them keep their size: of inputs, windows, positions, or 1."""

    blocks: tuple[Block, ...] = ()

    def of(self, axis: int) -> Block | None:
        """The block an axis is in."""
        return next((b for b in self.blocks if axis in b.axes), None)

    def moved(self, to: Mapping[int, int]) -> Layout:
        """The same blocks with axes renumbered; every axis of a block must be in `to`."""
        found = []
        for b in self.blocks:
            axes = [to[a] for a in b.axes]
            order = np.argsort(axes)
            found.append(Block(tuple(axes[i] for i in order), b.labels.transpose(order)))
        return Layout(tuple(found))


def chunks(before: Shape, after: Shape) -> list[tuple[tuple[int, ...], tuple[int, ...]]] | None:
    """The axes of a tensor and of the same elements under another shape, in the least pieces that hold as many.

    A piece whose sizes are not known holds all that could not be matched from either end; None where ranks are not.

    >>> chunks((2, 12, 5), (2, 3, 4, 5))
    [((0,), (0,)), ((1,), (1, 2)), ((2,), (3,))]
    """
    if before is None or after is None:
        return None
    head = _matched(before, after)
    used = (head[-1][0][-1] + 1 if head else 0, head[-1][1][-1] + 1 if head else 0)
    rest = before[used[0] :], after[used[1] :]
    tail = _matched(rest[0][::-1], rest[1][::-1])
    last = [
        (
            tuple(sorted(len(before) - 1 - a for a in one)),
            tuple(sorted(len(after) - 1 - a for a in two)),
        )
        for one, two in reversed(tail)
    ]
    ends = (last[0][0][0], last[0][1][0]) if last else (len(before), len(after))
    middle = tuple(range(used[0], ends[0])), tuple(range(used[1], ends[1]))
    return [*head, *([middle] if middle[0] or middle[1] else []), *last]


def _matched(before: Sequence[object], after: Sequence[object]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Pieces from the front on, each with an axis on either side, until sizes are open or run out."""
    found: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    i = j = 0
    while i < len(before) and j < len(after):
        a, b = before[i], after[j]
        if isinstance(a, str) and a == b:
            found.append(((i,), (j,)))
            i, j = i + 1, j + 1
            continue
        one, two, m, n = 1, 1, i, j
        while True:
            if one <= two and m < len(before):
                size = before[m]
                if not isinstance(size, int) or size == 0:
                    return found
                one, m = one * size, m + 1
            elif n < len(after) and two <= one:
                size = after[n]
                if not isinstance(size, int) or size == 0:
                    return found
                two, n = two * size, n + 1
            else:
                return found
            if one == two and m > i and n > j:
                break
        found.append((tuple(range(i, m)), tuple(range(j, n))))
        i, j = m, n
    assert all(x[0][-1] + 1 == y[0][0] for x, y in pairwise(found))
    return found
