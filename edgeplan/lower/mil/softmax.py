"""Softmax and its kin, with the flattening that they did before opset 13."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import integer
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.shapes import reduced, reshape_target, size, total

__all__ = ["hardmax", "softmax"]

_FLATTENED_BEFORE = 13


@lowers("Softmax", "LogSoftmax")
def softmax(op: Op, b: Builder) -> bool:
    """Softmax(input) -> softmax(x, axis); LogSoftmax -> softmax, log.

    Before opset 13 all axes from `axis` on are one: unless the later ones are 1, reshape to rank 2, softmax, reshape.
    """
    if len(op.inputs) != 1:
        return False
    x = op.inputs[0]
    shape = b.shape(x)
    old = 0 < op.version < _FLATTENED_BEFORE
    axis = integer(op, "axis", 1 if old else -1)
    if shape is None and axis == -1 and op.type == "Softmax":
        b.emit("softmax", {"x": x}, to=op.outputs[0], attrs={"axis": -1})
        return True
    if shape is None or axis is None or not -len(shape) <= axis < len(shape):
        return False
    axis %= len(shape)
    flat, target = None, None
    if old and any(d != 1 for d in shape[axis + 1 :]):
        if axis and all(d == 1 for d in shape[axis:-1]):
            axis = len(shape) - 1
        else:
            flat = (total(shape[:axis]) if axis else 1, total(shape[axis:]))
            target, back = reshape_target(flat), reshape_target(shape)
            if target is None or back is None:
                return False
            x = b.emit("reshape", {"x": x}, flat, attrs={"shape": target})
            axis = 1
    last = "softmax" if op.type == "Softmax" else "log"
    to = None if flat else op.outputs[0]
    y = b.emit("softmax", {"x": x}, flat or shape, to=to if last == "softmax" else None, attrs={"axis": axis})
    if last == "log":
        y = b.emit("log", {"x": y}, flat or shape, to=to, attrs={"epsilon": 1e-45})
    if flat:
        b.emit("reshape", {"x": y}, to=op.outputs[0], attrs={"shape": reshape_target(shape) or ()})
    return True


@lowers("Hardmax")
def hardmax(op: Op, b: Builder) -> bool:
    """Hardmax(input) -> reduce_argmax, one_hot along `axis`. Before opset 13 only if flattening changes nothing."""
    if len(op.inputs) != 1:
        return False
    x = op.inputs[0]
    shape = b.shape(x)
    old = 0 < op.version < _FLATTENED_BEFORE
    axis = integer(op, "axis", 1 if old else -1)
    if shape is None or axis is None or not -len(shape) <= axis < len(shape):
        return False
    axis %= len(shape)
    classes = size(shape, axis)
    if classes is None or old and any(d != 1 for d in shape[axis + 1 :]):
        return False
    found = b.emit(
        "reduce_argmax",
        {"x": x},
        reduced(shape, (axis,), False),
        dtype=DType.INT32,
        attrs={"axis": axis, "keep_dims": False},
    )
    attrs = {"one_hot_vector_size": classes, "axis": axis, "on_value": 1.0, "off_value": 0.0}
    b.emit("one_hot", {"indices": found}, to=op.outputs[0], attrs=attrs)
    return True
