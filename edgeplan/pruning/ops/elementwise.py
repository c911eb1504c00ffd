"""Ops that compute every element by itself, with operands that broadcast against each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgeplan.graph import Op
from edgeplan.pruning.trace import Trace

__all__ = ["TABLE", "broadcast"]

_LABELS = (
    "Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast "
    "Ceil Celu Clip Cos Cosh Div Dropout Elu Equal Erf Exp Floor Gelu Greater GreaterOrEqual HardSigmoid HardSwish "
    "Identity IsInf IsNaN LeakyRelu Less LessOrEqual Log Max Mean Min Mish Mod Mul Neg Not Or PRelu Pow Reciprocal "
    "Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Sub Sum Swish Tan Tanh ThresholdedRelu Where "
    "Xor com.microsoft.BiasGelu com.microsoft.FastGelu com.microsoft.Gelu com.microsoft.QuickGelu"
)


def broadcast(trace: Trace, op: Op) -> None:
    """Every output has the layout that all inputs have together."""
    if op.attrs.get("broadcast"):  # before opset 7 an attribute says where the second operand's axes are
        trace.refuse(op, f"{op.label} broadcasts as before opset 7")
        return
    rank = len(trace.shape(op.outputs[0]) or ())
    operands = []
    for name in op.inputs:
        shape = trace.shape(name) or ()
        shift = rank - len(shape)
        operands.append((trace.layout(name), {i: i + shift for i in range(len(shape))}, shape))
    found = trace.combine(operands, f"{op.label} meets what keeps its size")
    trace.layouts.update(dict.fromkeys(op.outputs, found))


def _typed(trace: Trace, op: Op) -> None:
    """CastLike: of its second input only the type is taken."""
    trace.layouts[op.outputs[0]] = trace.layout(op.inputs[0])


def _quantized(trace: Trace, op: Op) -> None:
    """QuantizeLinear and DequantizeLinear: x, and scale and zero point, one or one for every index of an axis."""
    shape, scale = trace.shape(op.inputs[0]) or (), trace.value(op.inputs[1])
    if op.attrs.get("block_size") or len(scale.shape or ()) > 1:
        trace.refuse(op, "it is quantised in blocks")
        return
    given, axis = trace.layout(op.inputs[0]), op.attrs.get("axis", 1)
    assert isinstance(axis, int)
    if len(scale.shape or ()) == 1 and scale.elements != 1:
        rows = trace.axis(given, axis % max(len(shape), 1))
        if rows is not None and len(rows) != scale.elements:
            trace.refuse(op, "its scales are not one for every index of its axis")
            return
        for name in op.inputs[1:]:
            trace.tie(rows, trace.axis(trace.layout(name), 0), "its scales keep their number")
    trace.layouts[op.outputs[0]] = trace.layout(op.inputs[0])


TABLE: Mapping[str, Callable[[Trace, Op], None]] = {
    **dict.fromkeys(_LABELS.split(), broadcast),
    "CastLike": _typed,
    "DequantizeLinear": _quantized,
    "QuantizeLinear": _quantized,
}
