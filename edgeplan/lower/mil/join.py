"""Tensors put together and taken apart along an axis: Concat and Split."""

from __future__ import annotations

from edgeplan.graph import Op
from edgeplan.lower.attributes import integer, vector
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.shapes import size

__all__ = ["concat", "split"]


@lowers("Concat")
def concat(op: Op, b: Builder) -> bool:
    """Concat(inputs) -> concat(values, axis); empty tensors are left out; of one tensor -> identity."""
    axis = integer(op, "axis", 1 if 0 < op.version < 4 else 0)
    if not op.inputs or axis is None or "axis" not in op.attrs:
        return False
    rank = next((r for r in map(b.rank, op.inputs) if r is not None), None)
    if rank is None or not -rank <= axis < rank:
        return False
    values = [n for n in op.inputs if b.value(n).elements != 0] or [op.inputs[0]]
    if len(values) == 1:
        b.emit("identity", {"x": values[0]}, to=op.outputs[0])
    else:
        b.emit("concat", {"values": values}, to=op.outputs[0], attrs={"axis": axis % rank, "interleave": False})
    return True


@lowers("Split")
def split(op: Op, b: Builder) -> bool:
    """Split(input, split) -> split(x, split_sizes, axis); equal parts of an unknown axis -> num_splits."""
    x, axis = op.input("input"), integer(op, "axis", 0)
    shape = None if x is None else b.shape(x)
    if x is None or shape is None or axis is None or not -len(shape) <= axis < len(shape):
        return False
    axis %= len(shape)
    parts = len(op.outputs)
    sizes = vector(op, b, "split", ())
    if sizes is None or integer(op, "num_outputs", parts) != parts or sizes and len(sizes) != parts:
        return False
    length = size(shape, axis)
    if not sizes and length is not None:
        largest = -(-length // parts)
        sizes = (*(largest,) * (parts - 1), length - largest * (parts - 1))
        if min(sizes) < 0:
            return False
    if parts == 1:
        b.emit("identity", {"x": x}, to=op.outputs[0])
    elif sizes:
        b.emit("split", {"x": x}, to=op.outputs, attrs={"split_sizes": sizes, "axis": axis})
    else:
        b.emit("split", {"x": x}, to=op.outputs, attrs={"num_splits": parts, "axis": axis})
    return True
