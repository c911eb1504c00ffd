"""An op with the shapes and small contents of its inputs: what shape rules look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod

from edgeplan.graph import Attr, Dim, Shape

__all__ = ["Call", "Elements", "Rule", "as_ints", "axis_of", "divided", "known", "product", "same"]

Elements = tuple[Dim | float, ...]
"""The contents of a small tensor; a free dimension's name or None where an element is not known."""


@dataclass(frozen=True, slots=True)
class Call:
    """One op as rules see it. An absent input has shape None and no contents."""

    type: str
    attrs: Mapping[str, Attr]
    shapes: tuple[Shape, ...]
    contents: tuple[Elements | None, ...]
    outputs: int

    def shape(self, slot: int) -> Shape:
        """The shape of an input; None when it is absent or unknown."""
        return self.shapes[slot] if slot < len(self.shapes) else None

    def data(self, slot: int) -> Elements | None:
        """The contents of a small input."""
        return self.contents[slot] if slot < len(self.contents) else None

    def ints(self, slot: int) -> tuple[int, ...] | None:
        """The contents of an input, when every element is a known whole number."""
        return as_ints(self.data(slot))

    def number(self, name: str) -> int:
        """An option that is a whole number."""
        value = self.attrs.get(name, 0)
        return value if isinstance(value, int) else 0


Rule = Callable[[Call], list[Shape]]
"""The shapes of the outputs. Raises IndexError, TypeError or ValueError where the inputs do not fit the op."""


def as_ints(data: Elements | None) -> tuple[int, ...] | None:
    """The elements, when every one is a known whole number."""
    if data is None or not all(isinstance(d, int) for d in data):
        return None
    return tuple(int(d) for d in data if isinstance(d, int))


def product(dims: tuple[Dim, ...]) -> int | None:
    """The number of elements, None while an axis is unknown."""
    sizes = [d for d in dims if isinstance(d, int)]
    return prod(sizes) if len(sizes) == len(dims) else None


def divided(dims: tuple[Dim, ...], others: tuple[Dim, ...]) -> Dim:
    """The product of `dims` by that of `others`, free dimensions that stand in both left out; None when not known."""
    rest = list(others)
    left: list[Dim] = []
    for dim in dims:
        if isinstance(dim, str) and dim in rest:
            rest.remove(dim)
        else:
            left.append(dim)
    names = [d for d in left if not isinstance(d, int)]
    below = product(tuple(rest))
    above = product(tuple(d for d in left if isinstance(d, int)))
    if not below or above is None or above % below:
        return None
    if not names:
        return above // below
    return names[0] if len(names) == 1 and above == below else None


def same(one: Dim, other: Dim) -> Dim:
    """The size two axes share when one is broadcast to the other."""
    if one == 1:
        return other
    if other == 1 or one == other:
        return one
    if isinstance(one, int) and isinstance(other, int):
        raise ValueError("sizes do not broadcast")
    return one if isinstance(one, int) else other if isinstance(other, int) else None


def known(shape: Shape) -> tuple[Dim, ...]:
    """A shape whose rank is known. Raises ValueError where it is not."""
    if shape is None:
        raise ValueError("the rank is not known")
    return shape


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front. Raises ValueError when there is none."""
    if not -rank <= axis < max(rank, 1):
        raise ValueError("no such axis")
    return axis % rank if rank else 0
