"""Activation functions with parameters; those without are in `unary`."""

from __future__ import annotations

from edgeplan.graph import Attr, DType, Op
from edgeplan.lower.attributes import number, one_number, text
from edgeplan.lower.mil.binary import promoted
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import is_float, scalar
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.shapes import broadcast, size

__all__ = [
    "bias_gelu", "celu", "clip", "elu", "fused_activation", "gelu", "hard_sigmoid", "hard_swish", "leaky_relu", "mish",
    "prelu", "relu", "selu", "swiglu", "swish", "thresholded_relu",
]  # fmt: skip


@lowers("Relu")
def relu(op: Op, b: Builder) -> bool:
    """Relu(X) -> relu(x); of integers -> maximum(x, 0)."""
    if len(op.inputs) != 1:
        return False
    x = op.inputs[0]
    if is_float(b, x) or b.value(x).dtype is None:
        b.emit("relu", {"x": x}, to=op.outputs[0])
    else:
        b.emit("maximum", {"x": x, "y": scalar(b, x, 0)}, to=op.outputs[0])
    return True


def _alpha(op: Op, b: Builder, kind: str, default: float) -> bool:
    alpha = number(op, "alpha", default)
    if alpha is None or len(op.inputs) != 1:
        return False
    b.emit(kind, {"x": op.inputs[0]}, to=op.outputs[0], attrs={"alpha": alpha})
    return True


@lowers("LeakyRelu")
def leaky_relu(op: Op, b: Builder) -> bool:
    """LeakyRelu(X) -> leaky_relu(x, alpha)."""
    return _alpha(op, b, "leaky_relu", 0.01)


@lowers("Elu")
def elu(op: Op, b: Builder) -> bool:
    """Elu(X) -> elu(x, alpha)."""
    return _alpha(op, b, "elu", 1.0)


@lowers("ThresholdedRelu")
def thresholded_relu(op: Op, b: Builder) -> bool:
    """ThresholdedRelu(X) -> thresholded_relu(x, alpha)."""
    return _alpha(op, b, "thresholded_relu", 1.0)


@lowers("Selu")
def selu(op: Op, b: Builder) -> bool:
    """Selu(X) -> elu(x, alpha), mul(., gamma)."""
    alpha, gamma = number(op, "alpha", 1.6732632423543772), number(op, "gamma", 1.0507009873554805)
    if alpha is None or gamma is None or len(op.inputs) != 1:
        return False
    x = op.inputs[0]
    y = b.emit("elu", {"x": x}, b.shape(x), attrs={"alpha": alpha})
    b.emit("mul", {"x": y, "y": scalar(b, x, gamma)}, to=op.outputs[0])
    return True


@lowers("Celu")
def celu(op: Op, b: Builder) -> bool:
    """Celu(X) with alpha=1 -> elu(x, 1). Any other alpha: torch's celu has no conversion."""
    return number(op, "alpha", 1.0) == 1.0 and _alpha(op, b, "elu", 1.0)


@lowers("PRelu")
def prelu(op: Op, b: Builder) -> bool:
    """PRelu(X, slope) -> prelu(x, alpha [C]); one slope for all channels -> leaky_relu (pass `prelu_to_lrelu`).

    Below rank 3: expand_dims, prelu, squeeze. The slope must be constant and vary along the channels only.
    """
    x, slope = op.input("X"), op.input("slope")
    if x is None or slope is None or not b.value(slope).const:
        return False
    data = b.data(slope)
    if data and len(set(data)) == 1 and not isinstance(data[0], str):
        b.emit("leaky_relu", {"x": x}, to=op.outputs[0], attrs={"alpha": float(data[0])})
        return True
    shape, slopes = b.shape(x), b.shape(slope)
    channels = size(shape, 1)
    if shape is None or slopes is None or channels is None or b.value(slope).elements not in (1, channels):
        return False
    if b.value(slope).elements != 1 and size(slopes, 1 - len(shape)) != channels:
        return False
    alpha = b.weight(slope, (channels,), "alpha")
    if len(shape) > 2:
        b.emit("prelu", {"x": x, "alpha": alpha}, to=op.outputs[0])
        return True
    wide = (*shape, 1)
    y = b.emit("expand_dims", {"x": x}, wide, attrs={"axes": (2,)})
    y = b.emit("prelu", {"x": y, "alpha": alpha}, wide)
    b.emit("squeeze", {"x": y}, to=op.outputs[0], attrs={"axes": (2,)})
    return True


@lowers("HardSigmoid")
def hard_sigmoid(op: Op, b: Builder) -> bool:
    """HardSigmoid(X) -> sigmoid_hard(x, alpha, beta)."""
    alpha, beta = number(op, "alpha", 0.2), number(op, "beta", 0.5)
    if alpha is None or beta is None or len(op.inputs) != 1:
        return False
    b.emit("sigmoid_hard", {"x": op.inputs[0]}, to=op.outputs[0], attrs={"alpha": alpha, "beta": beta})
    return True


@lowers("HardSwish")
def hard_swish(op: Op, b: Builder) -> bool:
    """HardSwish(X) -> thresholded_relu(x, -3), sigmoid_hard(., 1/6, 1/2), mul of the two."""
    if len(op.inputs) != 1:
        return False
    x = op.inputs[0]
    w = b.emit("thresholded_relu", {"x": x}, b.shape(x), attrs={"alpha": -3.0})
    gate = b.emit("sigmoid_hard", {"x": w}, b.shape(x), attrs={"alpha": 1 / 6, "beta": 0.5})
    b.emit("mul", {"x": w, "y": gate}, to=op.outputs[0])
    return True


@lowers("Swish", "com.microsoft.QuickGelu")
def swish(op: Op, b: Builder) -> bool:
    """Swish(X) with alpha=1 -> silu(x); else x * sigmoid(alpha * x) -> mul, sigmoid, mul. QuickGelu has alpha 1.702."""
    alpha = number(op, "alpha", 1.702 if op.domain else 1.0)
    if alpha is None or len(op.inputs) != 1:
        return False
    x = op.inputs[0]
    if alpha == 1.0:
        b.emit("silu", {"x": x}, to=op.outputs[0])
        return True
    scaled = b.emit("mul", {"x": x, "y": scalar(b, x, alpha)}, b.shape(x))
    gate = b.emit("sigmoid", {"x": scaled}, b.shape(x))
    b.emit("mul", {"x": x, "y": gate}, to=op.outputs[0])
    return True


@lowers("SwiGLU")
def swiglu(op: Op, b: Builder) -> bool:
    """SwiGLU(A, B) with alpha=1 -> silu(A), mul by B; else mul, sigmoid, mul, mul."""
    alpha = number(op, "alpha", 1.0)
    if alpha is None or len(op.inputs) != 2:
        return False
    x, y = op.inputs
    if alpha == 1.0:
        gate = b.emit("silu", {"x": x}, b.shape(x))
    else:
        scaled = b.emit("mul", {"x": x, "y": scalar(b, x, alpha)}, b.shape(x))
        gate = b.emit("mul", {"x": x, "y": b.emit("sigmoid", {"x": scaled}, b.shape(x))}, b.shape(x))
    b.emit("mul", {"x": gate, "y": y}, to=op.outputs[0])
    return True


@lowers("Mish")
def mish(op: Op, b: Builder) -> bool:
    """Mish(X) -> softplus(x), tanh(.), mul(x, .)."""
    if len(op.inputs) != 1:
        return False
    x = op.inputs[0]
    y = b.emit("softplus", {"x": x}, b.shape(x))
    y = b.emit("tanh", {"x": y}, b.shape(x))
    b.emit("mul", {"x": x, "y": y}, to=op.outputs[0])
    return True


@lowers("Gelu", "com.microsoft.Gelu")
def gelu(op: Op, b: Builder) -> bool:
    """Gelu(X) -> gelu(x), mode EXACT or TANH_APPROXIMATION."""
    modes = {"none": "EXACT", "tanh": "TANH_APPROXIMATION"}
    mode = modes.get(text(op, "approximate", "none") or "")
    if mode is None or len(op.inputs) != 1:
        return False
    b.emit("gelu", {"x": op.inputs[0]}, to=op.outputs[0], attrs={"mode": mode})
    return True


@lowers("com.microsoft.FastGelu", "com.microsoft.BiasGelu")
def bias_gelu(op: Op, b: Builder) -> bool:
    """BiasGelu(A, B) -> add(A, B), gelu EXACT; FastGelu(X, bias) -> add if there is a bias, gelu TANH_APPROXIMATION."""
    if not 1 <= len(op.inputs) <= 2:
        return False
    x = op.inputs[0]
    if len(op.inputs) == 2:
        x = b.emit("add", {"x": x, "y": op.inputs[1]}, broadcast(b.shape(x), b.shape(op.inputs[1])))
    mode = "EXACT" if op.type == "BiasGelu" else "TANH_APPROXIMATION"
    b.emit("gelu", {"x": x}, to=op.outputs[0], attrs={"mode": mode})
    return True


@lowers("Clip")
def clip(op: Op, b: Builder) -> bool:
    """Clip(input, 0, 6) -> relu6(x); constant float bounds -> clip(x, alpha, beta); else minimum, maximum. Bounds that
    cross -> shape, fill.

    A missing bound of a float clip is float32's extreme, as in `aten::clamp`.
    """
    x = op.input("input")
    if x is None:
        return False
    ends: list[float | None] = []
    for name, extreme in (("min", -3.4028234663852886e38), ("max", 3.4028234663852886e38)):
        given = op.input(name)
        ends.append(number(op, name, extreme) if given is None else one_number(b, given))
    low, high = ends
    if is_float(b, x) and low is not None and high is not None:
        if low >= high:
            return _filled(op, b, x, high)
        if (low, high) == (0.0, 6.0):
            b.emit("relu6", {"x": x}, to=op.outputs[0])
        else:
            b.emit("clip", {"x": x}, to=op.outputs[0], attrs={"alpha": low, "beta": high})
        return True
    steps = [(k, n) for k, n in (("minimum", op.input("max")), ("maximum", op.input("min"))) if n is not None]
    if not steps or "min" in op.attrs or "max" in op.attrs:
        return False
    for i, (kind, bound) in enumerate(steps):
        bound = promoted(b, bound, b.value(x).dtype)
        x = b.emit(kind, {"x": x, "y": bound}, b.shape(x), to=op.outputs[0] if i == len(steps) - 1 else None)
    return True


def _filled(op: Op, b: Builder, x: str, value: float) -> bool:
    """A clip whose bounds leave one value -> shape(x), fill."""
    sizes = b.emit("shape", {"x": x}, None if b.rank(x) is None else (b.rank(x),), dtype=DType.INT32)
    b.emit("fill", {"shape": sizes}, to=op.outputs[0], attrs={"value": value})
    return True


def fused_activation(kind: str, parameters: tuple[float, ...]) -> tuple[str, dict[str, Attr]] | None:
    """MIL op and attributes of the activation that a com.microsoft fused op names; None for one that is not known."""
    plain = {"Relu": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid"}.get(kind)
    if plain is not None:
        return plain, {}
    if kind == "LeakyRelu":
        return "leaky_relu", {"alpha": parameters[0] if parameters else 0.01}
    if kind in ("Clip", "HardSigmoid") and len(parameters) == 2:
        return "clip" if kind == "Clip" else "sigmoid_hard", {"alpha": parameters[0], "beta": parameters[1]}
    return None
