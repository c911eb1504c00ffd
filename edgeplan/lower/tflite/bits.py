"""Bits of integers: BITWISE_XOR, RIGHT_SHIFT and what is written with them."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import text
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.layout import Layout
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.steps import Steps

__all__ = ["bitwise", "bitwise_not", "shift"]

_LOGICAL = {"BitwiseAnd": "LOGICAL_AND", "BitwiseOr": "LOGICAL_OR"}


@lowers("BitwiseAnd", "BitwiseOr", "BitwiseXor", layout=Layout.ANY)
def bitwise(op: Op, b: Builder) -> bool:
    """BitwiseXor(A, B) -> BITWISE_XOR. BitwiseAnd of booleans -> LOGICAL_AND, BitwiseOr -> LOGICAL_OR; of integers they
    have no lowering (source: onnx2tf `tflite_builder/op_registry.py` _validate_bitwise_bool_binary).
    """
    kind = _LOGICAL.get(op.type, "BITWISE_XOR")
    if len(op.inputs) != 2 or (op.type in _LOGICAL and any(b.value(n).dtype is not DType.BOOL for n in op.inputs)):
        return False
    s = Steps(op, b)
    s(kind, *s.inputs, last=True)
    return True


@lowers("BitwiseNot", layout=Layout.ANY)
def bitwise_not(op: Op, b: Builder) -> bool:
    """BitwiseNot(X) -> SUB(-1, x); of unsigned integers SUB(largest, x); of booleans LOGICAL_NOT.

    Source: onnx2tf `tflite_builder/op_builders/elementwise.py` build_bitwise_not_op.
    """
    dtype = b.value(op.inputs[0]).dtype if len(op.inputs) == 1 else None
    if dtype is None or dtype.is_float or dtype is DType.STRING:
        return False
    s = Steps(op, b)
    if dtype is DType.BOOL:
        s("LOGICAL_NOT", s.inputs[0], last=True)
    else:
        most = 2**dtype.bits - 1 if dtype.label.startswith("uint") else -1
        s("SUB", b.scalar(most, dtype), s.inputs[0], last=True)
    return True


@lowers("BitShift", layout=Layout.ANY)
def shift(op: Op, b: Builder) -> bool:
    """BitShift(X, Y) to the right -> RIGHT_SHIFT; to the left by constants -> MUL by a constant power of two.

    Source: onnx2tf `tflite_builder/op_builders/elementwise.py` build_bitshift_op: computed shifts to the left
    have none.
    """
    direction = text(op, "direction", "")
    if len(op.inputs) != 2 or direction not in ("LEFT", "RIGHT"):
        return False
    x, by = op.inputs
    if direction == "RIGHT":
        s = Steps(op, b)
        s("RIGHT_SHIFT", *s.inputs, last=True)
        return True
    if not b.is_weight(by):
        return False
    s = Steps(op, b, x, by)
    s("MUL", s.inputs[0], b.weight(s.inputs[1], b.shape(s.inputs[1]), "powers"), last=True)
    return True
