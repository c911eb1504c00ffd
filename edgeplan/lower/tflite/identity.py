"""Ops that hand their input on, or its bits: Identity, Dropout outside training, BitCast; and a gate, SwiGLU."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import number
from edgeplan.lower.neighbours import used
from edgeplan.lower.tflite.algebra import extent, step
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.layout import Layout
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.steps import Steps

__all__ = ["bit_cast", "dropout", "identity", "swiglu"]


@lowers("Identity", layout=Layout.ANY)
def identity(op: Op, b: Builder) -> bool:
    """Identity(input) -> the input itself."""
    if len(op.inputs) != 1 or b.value(op.inputs[0]).dtype is None:
        return False
    b.alias(op.outputs[0], op.inputs[0], ())
    return True


@lowers("Dropout", layout=Layout.ANY)
def dropout(op: Op, b: Builder) -> bool:
    """Dropout(data) -> the data itself; a mask that is read -> FILL with true.

    In training mode it has no lowering. Source: onnx2tf `tflite_builder/op_builders/shape.py` build_dropout_op.
    """
    training = op.input("training_mode")
    if not op.inputs or b.rank(op.inputs[0]) is None or (training is not None and b.data(training) != (False,)):
        return False
    for mask in (n for n in op.outputs[1:] if used(b, n)):
        step(b, "FILL", [extent(b, op.inputs[0]), b.scalar(True, b.value(mask).dtype)], to=mask)
    b.alias(op.outputs[0], op.inputs[0], ())
    return True


@lowers("BitCast")
def bit_cast(op: Op, b: Builder) -> bool:
    """BitCast(input) -> BITCAST(input), the element types of one width."""
    x, out = (op.inputs[0] if op.inputs else None), op.outputs[0]
    if x is None:
        return False
    source, target = b.value(x).dtype, b.value(out).dtype
    if source is None or target is None or source.bits != target.bits or DType.STRING in (source, target):
        return False
    step(b, "BITCAST", [x], to=out)
    return True


@lowers("SwiGLU", layout=Layout.ANY)
def swiglu(op: Op, b: Builder) -> bool:
    """SwiGLU(A, B) -> MUL(a, LOGISTIC(alpha * a)), MUL by b."""
    alpha = number(op, "alpha", 1.0)
    if len(op.inputs) != 2 or alpha is None:
        return False
    s = Steps(op, b)
    gate, value = s.inputs
    s("MUL", s("MUL", gate, s("LOGISTIC", gate if alpha == 1.0 else s("MUL", gate, alpha))), value, last=True)
    return True
