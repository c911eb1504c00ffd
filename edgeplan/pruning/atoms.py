"""Channel indices that can only go together: a disjoint-set forest over arrays of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Atoms", "Labels"]

Labels = NDArray[np.int64]
"""Which atom each index of one or more axes belongs to."""

_PASSIVE, _FREE = 1 << 20, np.iinfo(np.int32).max
"""Where the numbers of passive reasons begin, and the one of what may go: of two reasons the lower number counts."""


class Atoms:
    """Numbers for indices of axes. Tied ones stand for one unit of pruning; stuck ones must stay, for a reason."""

    def __init__(self) -> None:
        self._parent: Labels = np.zeros(1024, np.int64)
        self._why: NDArray[np.int32] = np.full(1024, _FREE, np.int32)
        self._size = 0
        self._reasons: dict[int, str] = {_FREE: ""}
        self._numbers: dict[tuple[str, bool], int] = {}

    def __len__(self) -> int:
        return self._size

    def fresh(self, *shape: int) -> Labels:
        """New atoms, one for each index of a shape."""
        count = int(np.prod(shape))
        first, self._size = self._size, self._size + count
        if self._size > len(self._parent):
            room = max(2 * len(self._parent), self._size)
            self._parent = np.concatenate([self._parent, np.zeros(room - len(self._parent), np.int64)])
            self._why = np.concatenate([self._why, np.full(room - len(self._why), _FREE, np.int32)])
        made = np.arange(first, self._size, dtype=np.int64)
        self._parent[first : self._size] = made
        return made.reshape(shape)

    def stuck(self, reason: str, *shape: int, passive: bool = False) -> Labels:
        """Labels of a shape for indices that must stay."""
        labels = np.broadcast_to(self.fresh(1), shape)
        self.stick(labels, reason, passive=passive)
        return labels

    def find(self, labels: Labels) -> Labels:
        """The atom that stands for all those tied to each one."""
        found = self._parent[labels]
        while not np.array_equal(above := self._parent[found], found):
            self._parent[labels] = found = above  # so that of a chain half is left at every turn
        return found

    def tie(self, a: Labels, b: Labels) -> None:
        """Make pairs of indices, of arrays that broadcast against each other, go together. Near-linear."""
        if a is b:
            return
        one, two = (self.find(part) for part in np.broadcast_arrays(a, b))
        while True:
            apart = one != two
            if not apart.any():
                return
            low, high = np.minimum(one, two)[apart], np.maximum(one, two)[apart]
            np.minimum.at(self._parent, high, low)
            one, two = self.find(low), self.find(high)
            for root, joined in ((one, low), (two, high)):  # what is told of an atom is told of all tied to it
                np.minimum.at(self._why, root, self._why[joined])

    def stick(self, labels: Labels, reason: str, *, passive: bool = False) -> None:
        """Make indices stay, for a reason: the first one that is given counts.

        A passive one, which only says that something else stays, gives way to any that is not.
        """
        number = self._numbers.setdefault((reason, passive), len(self._numbers) + (_PASSIVE if passive else 0))
        self._reasons[number] = reason
        roots = np.unique(self.find(labels))
        self._why[roots] = np.minimum(self._why[roots], number)

    def is_stuck(self, labels: Labels) -> NDArray[np.bool_]:
        """Which of the indices must stay."""
        found: NDArray[Any] = self._why[self.find(labels)] != _FREE
        return found

    def why(self, label: int) -> str:
        """Why an index must stay; empty where it need not."""
        return self._reasons[int(self._why[self.find(np.array([label]))[0]])]
