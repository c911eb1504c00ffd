"""Activation functions with parameters, and those that LiteRT has an op for; the others are in `unary`."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import number, text
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.fused import EXTREME, bounds, clamp
from edgeplan.lower.tflite.layout import Layout
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.steps import Steps

__all__ = [
    "bias_gelu", "celu", "clip", "gelu", "hard_sigmoid", "hard_swish", "leaky_relu", "prelu", "relu", "selu", "shrink",
    "swish", "thresholded_relu",
]  # fmt: skip


@lowers("Relu", layout=Layout.ANY)
def relu(op: Op, b: Builder) -> bool:
    """Relu(X) -> RELU(x); of integers -> MAXIMUM(x, 0)."""
    if len(op.inputs) != 1:
        return False
    s = Steps(op, b)
    if clamp(op, b):
        s("RELU", s.inputs[0], last=True)
    else:
        s("MAXIMUM", s.inputs[0], 0, last=True)
    return True


@lowers("Clip", layout=Layout.ANY)
def clip(op: Op, b: Builder) -> bool:
    """Clip(input, 0, 6) -> RELU6(x); 0 to infinity -> RELU; -1 to 1 -> RELU_N1_TO_1; 0 to 1 -> RELU_0_TO_1.

    Else MAXIMUM(lhs, rhs) and MINIMUM(lhs, rhs), each only where there is such an end.
    """
    x = op.input("input")
    if x is None:
        return False
    kind = clamp(op, b)
    if kind is not None:
        s = Steps(op, b, x)
        s(kind, s.inputs[0], last=True)
        return True
    dtype = b.value(x).dtype
    ends: list[tuple[str, str | float]] = []
    for kind, port, end in zip(("MAXIMUM", "MINIMUM"), ("min", "max"), bounds(op, b), strict=True):
        given = op.input(port)
        if given is not None and (end is None or b.value(given).dtype is dtype):
            ends.append((kind, b.native(given)))
        elif end is not None and abs(end) < EXTREME:
            ends.append((kind, end))
        elif end is None:
            return False
    if not ends:
        b.alias(op.outputs[0], x, ())
        return True
    s = Steps(op, b, x)
    y = s.inputs[0]
    for i, (kind, bound) in enumerate(ends):
        y = s(kind, y, bound, last=i == len(ends) - 1)
    return True


@lowers("LeakyRelu", layout=Layout.ANY)
def leaky_relu(op: Op, b: Builder) -> bool:
    """LeakyRelu(X) -> LEAKY_RELU(input, alpha)."""
    alpha = number(op, "alpha", 0.01)
    if alpha is None or len(op.inputs) != 1:
        return False
    s = Steps(op, b)
    s("LEAKY_RELU", s.inputs[0], attrs={"alpha": alpha}, last=True)
    return True


@lowers("PRelu", layout=Layout.ANY)
def prelu(op: Op, b: Builder) -> bool:
    """PRelu(X, const slope) -> PRELU(input, alpha), alpha without the batch axis, as [1,1,C].

    Of a computed slope -> MINIMUM(x, 0), MUL(., slope), RELU(x), ADD.
    """
    x, slope = op.input("X"), op.input("slope")
    if x is None or slope is None:
        return False
    s = Steps(op, b, x, slope)
    data, alpha = s.inputs
    if not b.is_weight(slope):
        below = s("MUL", s("MINIMUM", data, 0.0), alpha)
        s("ADD", s("RELU", data), below, last=True)
        return True
    shape = b.shape(alpha)
    rank = b.rank(x)
    if shape is not None and rank is not None and len(shape) == rank > 1 and shape[0] == 1:
        alpha = b.relaid_constant(alpha, shape[1:], ())
    s("PRELU", data, alpha, last=True)
    return True


@lowers("Elu", "Celu", layout=Layout.ANY)
def celu(op: Op, b: Builder) -> bool:
    """Elu(X) and Celu(X) with alpha=1 -> ELU(x).

    Else RELU(x) + alpha * (EXP(MINIMUM(x, 0)) - 1); Celu divides by alpha before the EXP.
    """
    alpha = number(op, "alpha", 1.0)
    if alpha is None or len(op.inputs) != 1 or alpha == 0.0:
        return False
    s = Steps(op, b)
    x = s.inputs[0]
    if alpha == 1.0:
        s("ELU", x, last=True)
        return True
    above, below = s("RELU", x), s("MINIMUM", x, 0.0)
    if op.type == "Celu":
        below = s("MUL", below, 1.0 / alpha)
    s("ADD", above, s("MUL", s("SUB", s("EXP", below), 1.0), alpha), last=True)
    return True


@lowers("Selu", layout=Layout.ANY)
def selu(op: Op, b: Builder) -> bool:
    """Selu(X) -> gamma * (RELU(x) + alpha * (EXP(MINIMUM(x, 0)) - 1))."""
    alpha, gamma = number(op, "alpha", 1.6732632423543772), number(op, "gamma", 1.0507009873554805)
    if alpha is None or gamma is None or len(op.inputs) != 1:
        return False
    s = Steps(op, b)
    x = s.inputs[0]
    above, below = s("RELU", x), s("MINIMUM", x, 0.0)
    s("MUL", s("ADD", above, s("MUL", s("SUB", s("EXP", below), 1.0), alpha)), gamma, last=True)
    return True


@lowers("ThresholdedRelu", layout=Layout.ANY)
def thresholded_relu(op: Op, b: Builder) -> bool:
    """ThresholdedRelu(X) -> GREATER(x, alpha), CAST(.), MUL(x, .)."""
    alpha = number(op, "alpha", 1.0)
    if alpha is None or len(op.inputs) != 1:
        return False
    s = Steps(op, b)
    x = s.inputs[0]
    mask = s("GREATER", x, alpha, dtype=DType.BOOL)
    attrs = {"in_data_type": "BOOL", "out_data_type": "FLOAT32"}
    s("MUL", x, s("CAST", mask, dtype=DType.FLOAT32, attrs=attrs), last=True)
    return True


@lowers("Shrink", layout=Layout.ANY)
def shrink(op: Op, b: Builder) -> bool:
    """Shrink(X) -> SELECT_V2(x < -lambd, x + bias, SELECT_V2(x > lambd, x - bias, 0))."""
    bias, lambd = number(op, "bias", 0.0), number(op, "lambd", 0.5)
    if bias is None or lambd is None or len(op.inputs) != 1 or b.value(op.inputs[0]).dtype is not DType.FLOAT32:
        return False
    s = Steps(op, b)
    x = s.inputs[0]
    up, down = s("ADD", x, bias), s("SUB", x, bias)
    low, high = s("LESS", x, -lambd, dtype=DType.BOOL), s("GREATER", x, lambd, dtype=DType.BOOL)
    zero = b.like(x, 0.0)
    s("SELECT_V2", low, up, s("SELECT_V2", high, down, zero, dtype=DType.FLOAT32), last=True)
    return True


@lowers("HardSigmoid", layout=Layout.ANY)
def hard_sigmoid(op: Op, b: Builder) -> bool:
    """HardSigmoid(X) -> MUL(x, alpha), ADD(., beta), RELU_0_TO_1(.)."""
    alpha, beta = number(op, "alpha", 0.2), number(op, "beta", 0.5)
    if alpha is None or beta is None or len(op.inputs) != 1:
        return False
    s = Steps(op, b)
    y = s("ADD", s("MUL", s.inputs[0], alpha), beta)
    s("RELU_0_TO_1", y, last=True)
    return True


@lowers("HardSwish", layout=Layout.ANY)
def hard_swish(op: Op, b: Builder) -> bool:
    """HardSwish(X) -> HARD_SWISH(input)."""
    if len(op.inputs) != 1:
        return False
    s = Steps(op, b)
    s("HARD_SWISH", s.inputs[0], last=True)
    return True


@lowers("Swish", "com.microsoft.QuickGelu", layout=Layout.ANY)
def swish(op: Op, b: Builder) -> bool:
    """Swish(X) -> MUL(x, alpha) unless alpha is 1, LOGISTIC(.), MUL(x, .). QuickGelu has alpha 1.702."""
    alpha = number(op, "alpha", 1.702 if op.domain else 1.0)
    if alpha is None or len(op.inputs) != 1:
        return False
    s = Steps(op, b)
    x = s.inputs[0]
    scaled = x if alpha == 1.0 else s("MUL", x, alpha)
    s("MUL", x, s("LOGISTIC", scaled), last=True)
    return True


@lowers("Gelu", "com.microsoft.Gelu", layout=Layout.ANY)
def gelu(op: Op, b: Builder) -> bool:
    """Gelu(X) -> GELU(input, approximate = (approximate is tanh))."""
    kind = text(op, "approximate", "none")
    if kind not in ("none", "tanh") or len(op.inputs) != 1:
        return False
    s = Steps(op, b)
    s("GELU", s.inputs[0], attrs={"approximate": kind == "tanh"}, last=True)
    return True


@lowers("com.microsoft.FastGelu", "com.microsoft.BiasGelu", layout=Layout.ANY)
def bias_gelu(op: Op, b: Builder) -> bool:
    """BiasGelu(A, B) -> ADD, GELU; FastGelu(X, bias) -> ADD if there is a bias, GELU with approximate."""
    if not 1 <= len(op.inputs) <= 2:
        return False
    s = Steps(op, b)
    x = s.inputs[0] if len(s.inputs) == 1 else s("ADD", *s.inputs)
    s("GELU", x, attrs={"approximate": op.type == "FastGelu"}, last=True)
    return True
