"""Axis orders: in which order a tensor of the lowered graph holds the axes of the source tensor it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from functools import lru_cache
from typing import TypeVar

from edgeplan.graph import Scalar, Shape

__all__ = [
    "NATIVE", "Layout", "Order", "channels_last", "composed", "kept", "moved", "normal", "placed",
    "rearranged", "relaid", "relaid_shape", "trivial",
]  # fmt: skip

_T = TypeVar("_T")

Order = tuple[int, ...]
"""Axis i of the tensor is axis `order[i]` of the source tensor; `NATIVE` is the source's own order."""

NATIVE: Order = ()


class Layout(Enum):
    """The axis order in which an ONNX op's lowering wants its data."""

    NATIVE = "native"
    """The source's own: Reshape to other groups of axes, MatMul, Gather."""
    LAST = "last"
    """Channels last, [N, spatial..., C]: convolutions, pools, resizes."""
    ANY = "any"
    """Whatever is there, axes remapped: elementwise ops, concatenations, reductions, pads."""


@lru_cache(maxsize=16)
def channels_last(rank: int) -> Order:
    """The order [N, spatial..., C] of a tensor [N, C, spatial...]; native below rank 3."""
    return (0, *range(2, rank), 1) if rank > 2 else NATIVE


def normal(order: Sequence[int]) -> Order:
    """The order with the identity written as `NATIVE`."""
    return NATIVE if all(i == axis for i, axis in enumerate(order)) else tuple(order)


def placed(order: Order, axis: int) -> int:
    """Where a (non-negative) source axis lies in the tensor."""
    return order.index(axis) if order else axis


def relaid(order: Order, items: Sequence[_T]) -> tuple[_T, ...]:
    """One item a source axis -> one item an axis of the tensor: a shape, pads, multipliers."""
    return tuple([items[axis] for axis in order]) if order else tuple(items)


def moved(source: Order, target: Order, rank: int) -> Order:
    """The perm of a TRANSPOSE that takes a tensor from one order to another."""
    have = source or tuple(range(rank))
    want = target or tuple(range(rank))
    return tuple(have.index(axis) for axis in want)


def composed(order: Order, perm: Sequence[int]) -> Order:
    """The order in which a tensor of `order` holds `Transpose(perm)` of its source, no element moved."""
    rank = len(perm)
    new = {axis: i for i, axis in enumerate(perm)}
    return normal([new[axis] for axis in (order or range(rank))])


def kept(order: Order, gone: Iterable[int]) -> Order:
    """The order that is left when source axes disappear (a reduction without keep_dims, a squeeze)."""
    if not order:
        return NATIVE
    drop = set(gone)
    left = [a for a in range(len(order)) if a not in drop]
    new = {axis: i for i, axis in enumerate(left)}
    return normal([new[a] for a in order if a not in drop])


def trivial(shape: Shape, perm: Sequence[int]) -> bool:
    """True when a transpose moves nothing: the axes longer than one keep their order, so that a reshape does it."""
    if shape is None or len(shape) != len(perm):
        return False
    long = [p for p in perm if shape[p] != 1]
    return long == sorted(long)


@lru_cache(maxsize=4096)  # a network has few shapes, each on hundreds of values
def relaid_shape(order: Order, shape: Shape) -> Shape:
    """The source's shape as the tensor has it; None where the model's shapes contradict each other."""
    return None if shape is None or (order and len(order) != len(shape)) else relaid(order, shape)


def rearranged(data: Sequence[Scalar], shape: Sequence[int], perm: Order) -> tuple[Scalar, ...]:
    """The elements of a constant, row-major, behind a transpose."""
    if trivial(tuple(shape), perm):
        return tuple(data)
    if not data:
        return ()  # whatever the other axes say: one of them is empty
    strides = [1] * len(shape)
    for i in range(len(shape) - 2, -1, -1):
        strides[i] = strides[i + 1] * shape[i + 1]
    starts = [0]
    for axis in perm or range(len(shape)):
        starts = [s + i * strides[axis] for s in starts for i in range(shape[axis])]
    return tuple(data[s] for s in starts)
