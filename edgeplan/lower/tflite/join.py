"""Tensors put together and taken apart along an axis: Concat and Split."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import integer, vector
from edgeplan.lower.neighbours import used
from edgeplan.lower.shapes import size
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.layout import Layout, placed
from edgeplan.lower.tflite.operands import common_order
from edgeplan.lower.tflite.registry import lowers

__all__ = ["concat", "split"]


@lowers("Concat", layout=Layout.ANY)
def concat(op: Op, b: Builder) -> bool:
    """Concat(inputs) -> CONCATENATION(values, axis), in the order most of them are in; empty tensors are left out."""
    axis, out = integer(op, "axis", 1 if 0 < op.version < 4 else 0), op.outputs[0]
    if not op.inputs or axis is None:
        return False
    ranks = {b.rank(n) for n in op.inputs}
    if None in ranks:
        b.emit("CONCATENATION", {"values": op.inputs}, to=out, attrs={"axis": axis})
        return True
    rank = ranks.pop() or 0
    if ranks or not -rank <= axis < rank:
        return False
    values = [n for n in op.inputs if b.value(n).elements != 0] or [op.inputs[0]]
    if len(values) == 1:
        b.alias(out, values[0], ())
        return True
    order = common_order(b, values, out)
    tensors = [b.ordered(n, order) for n in values]
    b.emit("CONCATENATION", {"values": tensors}, to=out, attrs={"axis": placed(order, axis % rank)}, order=order)
    return True


@lowers("Split", layout=Layout.ANY)
def split(op: Op, b: Builder) -> bool:
    """Split(input, split) -> one SLICE(input, begin, size) a part that is read; equal parts of an unknown axis: SPLIT.

    Source: onnx2tf `op_builders/shape.py` build_split_op; litert-torch's come as slices too.
    """
    x, axis = op.input("input"), integer(op, "axis", 0)
    shape = None if x is None else b.shape(x)
    if x is None or shape is None or axis is None or not -len(shape) <= axis < len(shape):
        return False
    axis %= len(shape)
    parts = len(op.outputs)
    sizes = vector(op, b, "split", ())
    if sizes is None or integer(op, "num_outputs", parts) != parts or (sizes and len(sizes) != parts):
        return False
    length = size(shape, axis)
    if not sizes and length is not None:
        largest = -(-length // parts)
        sizes = (*(largest,) * (parts - 1), length - largest * (parts - 1))
    if sizes and (min(sizes) < 0 or (length is not None and sum(sizes) > length)):
        return False
    if parts == 1:
        b.alias(op.outputs[0], x, ())
        return True
    order = common_order(b, (x,), x)
    data, at = b.ordered(x, order), placed(order, axis)
    if not sizes:
        inputs = {"split_dim": b.scalar(at, DType.INT32), "value": data}
        b.several("SPLIT", inputs, op.outputs, {"num_splits": parts}, order=order)
        return True
    offset = 0
    for name, part in zip(op.outputs, sizes, strict=True):
        if used(b, name):
            begin = [offset if i == at else 0 for i in range(len(shape))]
            taken = [part if i == at else -1 for i in range(len(shape))]
            b.emit("SLICE", {"input": data, "begin": b.ints(begin), "size": b.ints(taken)}, to=name, order=order)
        offset += part
    return True
