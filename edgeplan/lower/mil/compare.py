"""Comparisons, logic on booleans and the choice between two tensors."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.mil.binary import promoted
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import cast, is_bool, scalar
from edgeplan.lower.mil.expand import broadcast_to
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.shapes import broadcast, static

__all__ = ["bitwise_not", "compare", "logic", "where"]

_COMPARE = {
    "Equal": "equal",
    "Greater": "greater",
    "GreaterOrEqual": "greater_equal",
    "Less": "less",
    "LessOrEqual": "less_equal",
}
_LOGIC = {"And": "logical_and", "Or": "logical_or", "Xor": "logical_xor"}


@lowers(*_COMPARE)
def compare(op: Op, b: Builder) -> bool:
    """Equal(A, B) -> equal(x, y) and so on; booleans are compared as int32, behind a cast. Strings have no lowering."""
    if len(op.inputs) != 2 or any(b.value(n).dtype is DType.STRING for n in op.inputs):
        return False
    x, y = (promoted(b, n, DType.INT32) if is_bool(b, n) else n for n in op.inputs)
    b.emit(_COMPARE[op.type], {"x": x, "y": y}, to=op.outputs[0])
    return True


@lowers(*_LOGIC)
def logic(op: Op, b: Builder) -> bool:
    """And(A, B) -> logical_and(x, y); Or -> logical_or; Xor -> logical_xor."""
    if len(op.inputs) != 2:
        return False
    b.emit(_LOGIC[op.type], {"x": op.inputs[0], "y": op.inputs[1]}, to=op.outputs[0])
    return True


@lowers("BitwiseNot")
def bitwise_not(op: Op, b: Builder) -> bool:
    """BitwiseNot(X) of int32 -> add of 1, mul by -1 (`aten::bitwise_not`)."""
    if len(op.inputs) != 1 or b.value(op.inputs[0]).dtype is not DType.INT32:
        return False
    x = op.inputs[0]
    more = b.emit("add", {"x": x, "y": scalar(b, x, 1)}, b.shape(x))
    b.emit("mul", {"x": more, "y": scalar(b, x, -1)}, to=op.outputs[0])
    return True


@lowers("Where")
def where(op: Op, b: Builder) -> bool:
    """Where(condition, X, Y) -> select(cond, a, b), the operands tiled to one shape first (`aten::where`).

    A constant of one element beside a tensor of the full shape is not tiled: that is how `aten::masked_fill` comes out
    of the exporter, and coremltools writes it as a bare select. With an unknown axis nothing is tiled either.
    """
    cond, x, y = op.input("condition"), op.input("X"), op.input("Y")
    if cond is None or x is None or y is None or b.value(x).dtype is DType.STRING:
        return False
    target = static(broadcast(b.shape(cond), b.shape(x), b.shape(y)))
    if not is_bool(b, cond):
        cond = cast(b, cond, DType.BOOL)
    filled = any(b.value(n).elements == 1 and b.value(n).const and b.shape(o) == target for n, o in ((x, y), (y, x)))
    if target is not None and not filled and all(static(b.shape(n)) is not None for n in (cond, x, y)):
        cond, x, y = (broadcast_to(b, n, target) for n in (cond, x, y))
    b.emit("select", {"cond": cond, "a": x, "b": y}, to=op.outputs[0])
    return True
