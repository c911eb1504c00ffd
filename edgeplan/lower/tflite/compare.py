"""Comparisons, boolean algebra and selection."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.layout import Layout
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.steps import Steps

__all__ = ["compare", "select"]

_BUILTIN = {
    "Equal": "EQUAL", "Greater": "GREATER", "GreaterOrEqual": "GREATER_EQUAL", "Less": "LESS",
    "LessOrEqual": "LESS_EQUAL", "And": "LOGICAL_AND", "Or": "LOGICAL_OR", "Xor": "NOT_EQUAL",
}  # fmt: skip


@lowers(*_BUILTIN, layout=Layout.ANY)
def compare(op: Op, b: Builder) -> bool:
    """Greater(A, B) -> GREATER(lhs, rhs), and the like; Xor -> NOT_EQUAL."""
    if len(op.inputs) != 2:
        return False
    s = Steps(op, b)
    s(_BUILTIN[op.type], *s.inputs, last=True)
    return True


@lowers("Where", layout=Layout.ANY)
def select(op: Op, b: Builder) -> bool:
    """Where(condition, X, Y) -> SELECT_V2(condition, x, y), which broadcasts.

    onnx2tf writes some broadcasts of floats as condition * X + (1 - condition) * Y instead; litert-torch does not.
    """
    if len(op.inputs) != 3 or b.value(op.inputs[0]).dtype not in (None, DType.BOOL):
        return False
    s = Steps(op, b)
    s("SELECT_V2", *s.inputs, last=True)
    return True
