"""Reshapes in other axis orders: one goes through an order that moves only whole groups of axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgeplan.graph import Dim, Shape
from edgeplan.lower.tflite.layout import Order, normal

__all__ = ["Groups", "groups_of"]

_PRIMES = (1000003, 1000033, 1000037, 1000039, 1000081, 1000099, 1000117, 1000121)

Group = tuple[tuple[int, ...], tuple[int, ...]]
"""Axes of the input and the axes of the output that hold the same elements; one side is empty for axes of one."""


@dataclass(frozen=True, slots=True)
class Groups:
    """How a reshape maps axes onto axes.

    `[N,C,H,W]` to `[N,C,H*W]` has the groups N, C and (H, W): an input held as [N,H,W,C] is reshaped as it lies, to
    [N,H*W,C].
    """

    groups: tuple[Group, ...]

    def signature(self, order: Sequence[int], side: int) -> tuple[int, ...] | None:
        """The groups in the sequence in which an order holds them, None when it tears one apart."""
        of = {axis: i for i, group in enumerate(self.groups) for axis in group[side]}
        if len(order) != len(of):
            return None
        found: list[int] = []
        at = 0
        while at < len(order):
            index = of[order[at]]
            axes = self.groups[index][side]
            if tuple(order[at : at + len(axes)]) != axes:
                return None
            if self.groups[index][1 - side]:
                found.append(index)
            at += len(axes)
        return tuple(found)

    def forward(self, signature: Iterable[int]) -> Order:
        """An order of the output with its groups in this sequence."""
        return self._ordered(signature, 1)

    def back(self, signature: Iterable[int]) -> Order:
        """An order of the input with its groups in this sequence."""
        return self._ordered(signature, 0)

    def _ordered(self, signature: Iterable[int], side: int) -> Order:
        """Axes of one that belong to no axis of the other side stand behind the axis they follow natively."""
        found = [axis for index in signature for axis in self.groups[index][side]]
        for group in self.groups:
            if not group[1 - side]:
                for axis in group[side]:
                    at = found.index(axis - 1) + 1 if axis - 1 in found else 0
                    found.insert(at, axis)
        return normal(found)


def groups_of(x: Shape, y: Shape) -> Groups | None:
    """The smallest groups of axes of two shapes that hold the same elements; None when unknown axes hide them."""
    if x is None or y is None or any(d == 0 for d in (*x, *y)):
        return None
    sizes = _sizes(x, y)
    if sizes is None:
        return None
    left, right = sizes
    groups: list[Group] = []
    i = j = 0
    while i < len(left) or j < len(right):
        if i < len(left) and left[i] == 1 and (j >= len(right) or right[j] != 1):
            groups.append(((i,), ()))
            i += 1
            continue
        if j < len(right) and right[j] == 1 and (i >= len(left) or left[i] != 1):
            groups.append(((), (j,)))
            j += 1
            continue
        if i >= len(left) or j >= len(right):
            return None
        first, second = [i], [j]
        a, b = left[i], right[j]
        i, j = i + 1, j + 1
        while a != b:
            if a < b:
                if i >= len(left):
                    return None
                a *= left[i]
                first.append(i)
                i += 1
            else:
                if j >= len(right):
                    return None
                b *= right[j]
                second.append(j)
                j += 1
        groups.append((tuple(first), tuple(second)))
    return Groups(tuple(groups))


def _sizes(x: Sequence[Dim], y: Sequence[Dim]) -> tuple[list[int], list[int]] | None:
    """Both shapes as numbers, an unknown axis as a large prime; None when one cannot be told from another."""
    unknown = [[d for d in shape if not isinstance(d, int)] for shape in (x, y)]
    if len(unknown[0]) == len(unknown[1]) == 1:
        primes: dict[Dim, int] = {unknown[0][0]: _PRIMES[0], unknown[1][0]: _PRIMES[0]}
    else:
        names = list(dict.fromkeys(d for dims in unknown for d in dims))
        if None in names or len(names) > len(_PRIMES):
            return None
        primes = dict(zip(names, _PRIMES, strict=False))
    left = [d if isinstance(d, int) else primes[d] for d in x]
    right = [d if isinstance(d, int) else primes[d] for d in y]
    return left, right
