"""Sizes that only the run knows, as the operand of an op that wants a shape."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.graph import DType, Shape
from edgeplan.lower.shapes import reshape_target
from edgeplan.lower.tflite.builder import Builder

__all__ = ["Size", "dimension", "reshaped", "shape_of", "shape_operand"]

Size = int | str
"""A known size, or the int32 scalar tensor that holds it."""


def shape_of(b: Builder, x: str) -> str:
    """SHAPE(input) of a tensor as int32."""
    rank = b.rank(x)
    attrs = {"out_type": "INT32"}
    return b.emit("SHAPE", {"input": x}, None if rank is None else (rank,), dtype=DType.INT32, attrs=attrs)


def dimension(b: Builder, x: str, axis: int) -> Size:
    """The size of one axis of a tensor: known, or SHAPE(input), STRIDED_SLICE of one element."""
    shape = b.shape(x)
    known = None if shape is None or axis >= len(shape) else shape[axis]
    if isinstance(known, int):
        return known
    found = b.sizes.get((x, axis))
    if found is None:
        whole = b.sizes.get((x, -1))
        if whole is None:
            whole = b.sizes[x, -1] = shape_of(b, x)
        inputs = {"input": whole, "begin": b.ints((axis,)), "end": b.ints((axis + 1,)), "strides": b.ints((1,))}
        found = b.sizes[x, axis] = b.emit("STRIDED_SLICE", inputs, (), attrs={"shrink_axis_mask": 1})
    return found


def shape_operand(b: Builder, sizes: Sequence[Size]) -> str:
    """The sizes as an int32 vector: a constant, or PACK(values) of what is known and what is not."""
    known = [s for s in sizes if isinstance(s, int)]
    if len(known) == len(sizes):
        return b.ints(known)
    values = [b.scalar(s, DType.INT32) if isinstance(s, int) else s for s in sizes]
    return b.emit("PACK", {"values": values}, (len(values),), attrs={"values_count": len(values), "axis": 0})


def reshaped(b: Builder, x: str, shape: Shape) -> str:
    """RESHAPE(input, shape) that only puts in or takes out axes of one; several sizes may be unknown."""
    if shape is None or reshape_target(shape) is not None:
        return b.reshape(x, shape)
    unknown = [i for i, d in enumerate(b.shape(x) or ()) if not isinstance(d, int)]
    sizes = [d if isinstance(d, int) else dimension(b, x, unknown.pop(0)) if unknown else -1 for d in shape]
    return b.emit("RESHAPE", {"input": x, "shape": shape_operand(b, sizes)}, shape)
