"""Softmax and LogSoftmax, which LiteRT computes along the last axis, with their flattening before opset 13."""

from __future__ import annotations

from edgeplan.graph import Op, Shape
from edgeplan.lower.attributes import integer
from edgeplan.lower.shapes import reshape_target, static, total
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.layout import NATIVE, Layout, Order, channels_last, normal
from edgeplan.lower.tflite.registry import lowers

__all__ = ["softmax"]

_FLATTENED_BEFORE = 13
_MOST_AXES = 4


@lowers("Softmax", "LogSoftmax", layout=Layout.ANY)
def softmax(op: Op, b: Builder) -> bool:
    """Softmax(input) -> SOFTMAX(input, beta) in an order whose last axis is the one meant; LogSoftmax -> SOFTMAX, LOG.

    Another axis: a TRANSPOSE that puts it last, and the output in that order. Five and more axes: RESHAPE to two,
    SOFTMAX, RESHAPE. Before opset 13 all axes from `axis` on are one: unless the later ones are 1, RESHAPE to two.
    Source: onnx2tf `op_builders/elementwise.py` build_softmax_op, build_logsoftmax_op.
    """
    if len(op.inputs) != 1:
        return False
    x, out = op.inputs[0], op.outputs[0]
    shape = b.shape(x)
    old = 0 < op.version < _FLATTENED_BEFORE
    axis = integer(op, "axis", 1 if old else -1)
    if shape is None and axis == -1 and op.type == "Softmax":
        b.emit("SOFTMAX", {"input": x}, to=out, attrs={"beta": 1.0})
        return True
    if not shape or axis is None or not -len(shape) <= axis < len(shape):
        return False
    axis %= len(shape)
    if old and any(d != 1 for d in shape[axis + 1 :]):
        flat = (total(shape[:axis]) if axis else 1, total(shape[axis:]))
        if reshape_target(flat) is None or reshape_target(shape) is None:
            return False
        _flattened(op, b, b.native(x), flat, shape, NATIVE)
        return True
    order = _ending_in(b, x, out, axis)
    data = b.ordered(x, order)
    sizes = static(b.shape(data))
    if len(shape) > _MOST_AXES and sizes is not None:
        _flattened(op, b, data, (total(sizes[:-1]), sizes[-1]), sizes, order)
    elif op.type == "Softmax":
        b.emit("SOFTMAX", {"input": data}, to=out, attrs={"beta": 1.0}, order=order)
    else:
        y = b.emit("SOFTMAX", {"input": data}, b.shape(data), attrs={"beta": 1.0})
        b.emit("LOG", {"x": y}, to=out, order=order)
    return True


def _ending_in(b: Builder, x: str, out: str, axis: int) -> Order:
    """An order with this axis last: one that is there, else the order that is there with the two axes exchanged."""
    rank = b.rank(x) or 0
    last = channels_last(rank)
    there = sorted(b.orders(x), key=lambda o: o != last) if b.wants(out) is Layout.LAST else b.orders(x)
    full = [o or tuple(range(rank)) for o in there]
    found = next((o for o in full if o[-1] == axis), None)
    if found is None:
        base = list(full[0])
        at = base.index(axis)
        base[at], base[-1] = base[-1], base[at]
        found = tuple(base)
    return normal(found)


def _flattened(op: Op, b: Builder, x: str, flat: Shape, shape: Shape, order: Order) -> None:
    """RESHAPE to two axes, SOFTMAX, RESHAPE back."""
    y = b.emit("SOFTMAX", {"input": b.reshape(x, flat)}, flat, attrs={"beta": 1.0})
    if op.type == "LogSoftmax":
        y = b.emit("LOG", {"x": y}, flat)
    b.adopt(op.outputs[0], b.reshape(y, shape), order)
