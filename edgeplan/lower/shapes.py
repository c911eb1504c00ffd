"""Arithmetic on shapes with unknown axes, for the intermediate values that a lowering makes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod

from edgeplan.graph import Dim, Shape

__all__ = ["broadcast", "permuted", "reduced", "replaced", "reshape_target", "size", "static", "total"]


@lru_cache(maxsize=4096)  # a network has few shapes, each on hundreds of values
def static(shape: Shape) -> tuple[int, ...] | None:
    """The shape when every axis is a known size, else None."""
    if shape is None:
        return None
    sizes = tuple(d for d in shape if isinstance(d, int))
    return sizes if len(sizes) == len(shape) else None


def size(shape: Shape, axis: int) -> int | None:
    """One axis, None when it or the rank is unknown or there is no such axis."""
    if shape is None or not -len(shape) <= axis < len(shape):
        return None
    found = shape[axis]
    return found if isinstance(found, int) else None


def total(dims: Sequence[Dim]) -> Dim:
    """The product of some axes: a size, or None when one is unknown. A lone named axis keeps its name."""
    others = [d for d in dims if d != 1]
    if len(others) == 1:
        return others[0]
    known = [d for d in others if isinstance(d, int)]
    return prod(known) if len(known) == len(others) else None


def replaced(shape: Shape, axis: int, dim: Dim) -> Shape:
    """The shape with another size at `axis`."""
    if shape is None:
        return None
    return tuple(dim if i == axis % len(shape) else d for i, d in enumerate(shape))


def permuted(shape: Shape, perm: Sequence[int]) -> Shape:
    """The shape of a transpose."""
    return None if shape is None else tuple(shape[p] for p in perm)


def reduced(shape: Shape, axes: Sequence[int], keep: bool) -> Shape:
    """The shape of a reduction over non-negative `axes`."""
    if shape is None:
        return None
    return tuple(1 if i in axes else d for i, d in enumerate(shape) if keep or i not in axes)


def broadcast(*shapes: Shape) -> Shape:
    """The common shape of operands, as NumPy and ONNX broadcast them; None when a rank is unknown."""
    known = [s for s in shapes if s is not None]
    if len(known) != len(shapes):
        return None
    rank = max((len(s) for s in known), default=0)
    padded = [(1,) * (rank - len(s)) + s for s in known]
    return tuple(_common(axis) for axis in zip(*padded, strict=True))


def _common(dims: Sequence[Dim]) -> Dim:
    others = list(dict.fromkeys(d for d in dims if d != 1))
    sizes = [d for d in others if isinstance(d, int)]
    if sizes:
        return sizes[0]
    return others[0] if len(others) == 1 else None if others else 1


def reshape_target(shape: Shape) -> tuple[int, ...] | None:
    """`shape` as a reshape's constant: at most one unknown axis, written -1; None when there are more."""
    if shape is None or sum(not isinstance(d, int) for d in shape) > 1:
        return None
    return tuple(d if isinstance(d, int) else -1 for d in shape)
