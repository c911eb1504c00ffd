"""Normalisations: LOCAL_RESPONSE_NORMALIZATION and L2_NORMALIZATION, the others by means and products."""

from __future__ import annotations

from edgeplan.graph import Op
from edgeplan.lower.attributes import flag, integer, integers, number, port
from edgeplan.lower.neighbours import used
from edgeplan.lower.shapes import size, static
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.fused import with_activation
from edgeplan.lower.tflite.layout import Layout, channels_last, placed
from edgeplan.lower.tflite.moments import moments, normalized, per_channel, scaled
from edgeplan.lower.tflite.operands import common_order, operand
from edgeplan.lower.tflite.reduction import reduced_by
from edgeplan.lower.tflite.registry import lowers

__all__ = [
    "batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "lp_norm", "mean_variance_norm",
    "rms_norm", "skip_layer_norm",
]  # fmt: skip


@lowers("BatchNormalization", layout=Layout.ANY)
def batch_norm(op: Op, b: Builder) -> bool:
    """BatchNormalization(X, const scale, B, mean, var) -> MUL by scale / deviation, ADD of the rest, activation.

    Computed ones: ADD epsilon, SQRT, DIV, MUL, SUB in front. Training mode has no lowering.
    """
    if len(op.inputs) != 5 or flag(op, "training_mode", False) is not False or any(used(b, o) for o in op.outputs[1:]):
        return False
    x, gamma, beta, mean, variance = op.inputs
    epsilon, rank = number(op, "epsilon", 1e-5), b.rank(x)
    if epsilon is None or rank is None or rank < 2:
        return False
    order = common_order(b, (x,), op.outputs[0])
    data, at = b.ordered(x, order), placed(order, 1)
    if all(b.is_weight(n) for n in op.inputs[1:]):
        scale, shift = b.weight(gamma, b.shape(gamma), "scale"), b.weight(gamma, b.shape(gamma), "shift")
    else:
        shape = b.shape(variance)
        total = b.emit("ADD", {"lhs": variance, "rhs": b.like(variance, epsilon)}, shape)
        scale = b.emit("DIV", {"lhs": gamma, "rhs": b.emit("SQRT", {"x": total}, shape)}, shape)
        shift = b.emit("SUB", {"lhs": beta, "rhs": b.emit("MUL", {"lhs": mean, "rhs": scale}, shape)}, shape)
    y = b.emit("MUL", {"lhs": data, "rhs": per_channel(b, scale, at, rank)}, b.shape(data))
    out, function = with_activation(op, b)
    attrs = {"fused_activation_function": function}
    b.emit("ADD", {"lhs": y, "rhs": per_channel(b, shift, at, rank)}, to=out, attrs=attrs, order=order)
    return True


@lowers("InstanceNormalization", layout=Layout.ANY)
def instance_norm(op: Op, b: Builder) -> bool:
    """InstanceNormalization(input, scale, B) -> `normalized` over the spatial axes, MUL by the scale, ADD of B."""
    epsilon = number(op, "epsilon", 1e-5)
    if epsilon is None or len(op.inputs) != 3:
        return False
    x, gamma, beta = op.inputs
    rank = b.rank(x)
    if rank is None or rank < 3:
        return False
    order = common_order(b, (x,), op.outputs[0])
    y = normalized(b, b.ordered(x, order), [placed(order, a) for a in range(2, rank)], epsilon)
    at = placed(order, 1)
    y = scaled(b, y, ("MUL", per_channel(b, gamma, at, rank)))
    out, function = with_activation(op, b)
    attrs = {"fused_activation_function": function}
    b.emit("ADD", {"lhs": y, "rhs": per_channel(b, beta, at, rank)}, to=out, attrs=attrs, order=order)
    return True


@lowers("MeanVarianceNormalization", layout=Layout.ANY)
def mean_variance_norm(op: Op, b: Builder) -> bool:
    """MeanVarianceNormalization(X) -> MEAN, SUB, MUL, MEAN, ADD, SQRT, DIV over `axes`."""
    if len(op.inputs) != 1:
        return False
    x, rank, over = op.inputs[0], b.rank(op.inputs[0]), integers(op, "axes", (0, 2, 3))
    if rank is None or not over or any(not -rank <= a < rank for a in over):
        return False
    order = common_order(b, (x,), op.outputs[0])
    places = sorted({placed(order, a % rank) for a in over})
    b.adopt(op.outputs[0], normalized(b, b.ordered(x, order), places, 1e-9, inverse=False), order)
    return True


@lowers("LayerNormalization", "com.microsoft.LayerNormalization", layout=Layout.ANY)
def layer_norm(op: Op, b: Builder) -> bool:
    """LayerNormalization(X, Scale, B) -> `normalized` over the axes from `axis` on, MUL by the scale, ADD of B.

    The mean and the inverse deviation are further outputs.
    """
    if not 1 <= len(op.inputs) <= 3:
        return False
    x, axis, epsilon = op.inputs[0], integer(op, "axis", -1), number(op, "epsilon", 1e-5)
    rank = b.rank(x)
    if epsilon is None or axis is None or rank is None or not -rank <= axis < rank:
        return False
    order = common_order(b, (x,), op.outputs[0])
    places = [placed(order, a) for a in range(axis % rank, rank)]
    y, *rest = moments(b, b.ordered(x, order), places, epsilon)
    for name, tensor in zip(op.outputs[1:], rest, strict=False):
        if used(b, name):
            b.adopt(name, tensor, order)
    gamma, beta = (None if n is None else operand(b, n, order, rank) for n in (port(op, "Scale", 1), port(op, "B", 2)))
    b.adopt(op.outputs[0], scaled(b, y, ("MUL", gamma), ("ADD", beta)), order)
    return True


@lowers("com.microsoft.SkipLayerNormalization")
def skip_layer_norm(op: Op, b: Builder) -> bool:
    """SkipLayerNormalization(input, skip, gamma, beta, bias) -> ADD(input, skip), ADD(., bias), LayerNormalization."""
    names = ("input", "skip", "gamma", "beta", "bias")
    x, skip, gamma, beta, bias = (port(op, name, slot) for slot, name in enumerate(names))
    epsilon = number(op, "epsilon", 1e-12)
    if x is None or skip is None or gamma is None or epsilon is None or b.rank(x) in (None, 0):
        return False
    if any(used(b, o) for o in op.outputs[1:3]) or len(op.outputs) > 4:
        return False
    given = scaled(b, b.native(x), ("ADD", b.native(skip)), ("ADD", bias))
    if len(op.outputs) == 4:
        b.adopt(op.outputs[3], given)
    y = normalized(b, given, [(b.rank(x) or 1) - 1], epsilon)
    b.adopt(op.outputs[0], scaled(b, y, ("MUL", gamma), ("ADD", beta)))
    return True


@lowers("RMSNormalization", "SimplifiedLayerNormalization", layout=Layout.ANY)
def rms_norm(op: Op, b: Builder) -> bool:
    """RMSNormalization(X, scale) -> MUL(x, x), MEAN, ADD epsilon, RSQRT, MUL(x, .), MUL by the scale."""
    if len(op.inputs) != 2 or any(used(b, o) for o in op.outputs[1:]):
        return False
    x, axis, epsilon = op.inputs[0], integer(op, "axis", -1), number(op, "epsilon", 1e-5)
    rank = b.rank(x)
    if epsilon is None or axis is None or rank is None or not -rank <= axis < rank:
        return False
    order = common_order(b, (x,), op.outputs[0])
    data, places = b.ordered(x, order), [placed(order, a) for a in range(axis % rank, rank)]
    mean = reduced_by(b, "MEAN", b.emit("MUL", {"lhs": data, "rhs": data}, b.shape(data)), places)
    total = b.emit("ADD", {"lhs": mean, "rhs": b.like(mean, epsilon)}, b.shape(mean))
    share = b.emit("RSQRT", {"x": total}, b.shape(mean))
    y = b.emit("MUL", {"lhs": data, "rhs": share}, b.shape(data))
    b.adopt(op.outputs[0], scaled(b, y, ("MUL", operand(b, op.inputs[1], order, rank))), order)
    return True


@lowers("GroupNormalization")
def group_norm(op: Op, b: Builder) -> bool:
    """GroupNormalization(X, scale, bias) -> RESHAPE to [N, groups, rest], `normalized`, RESHAPE back, MUL, ADD."""
    if len(op.inputs) != 3:
        return False
    x, gamma, beta = op.inputs
    groups, epsilon, shape = integer(op, "num_groups", 0), number(op, "epsilon", 1e-5), static(b.shape(x))
    if not groups or groups < 1 or epsilon is None or shape is None or len(shape) < 3 or shape[1] % groups:
        return False
    if b.rank(gamma) != 1 or b.rank(beta) != 1 or 0 in shape:
        return False
    rest = b.value(x).elements or 0
    flat = b.reshape(b.native(x), (shape[0], groups, rest // (shape[0] * groups)))
    y = b.reshape(normalized(b, flat, (2,), epsilon, inverse=False), shape)
    if size(b.shape(gamma), 0) == groups != shape[1]:
        gamma, beta = (b.weight(n, (shape[1],)) for n in (gamma, beta))
    gamma, beta = (per_channel(b, n, 1, len(shape)) for n in (gamma, beta))
    b.adopt(op.outputs[0], scaled(b, y, ("MUL", gamma), ("ADD", beta)))
    return True


@lowers("LpNormalization", layout=Layout.ANY)
def lp_norm(op: Op, b: Builder) -> bool:
    """LpNormalization(input) of p=2 along the tensor's last axis -> L2_NORMALIZATION(input).

    Along another axis -> MUL(x, x), SUM, SQRT, DIV; p=1 -> ABS, SUM, DIV.
    """
    if len(op.inputs) != 1:
        return False
    x, rank = op.inputs[0], b.rank(op.inputs[0])
    axis, p = integer(op, "axis", -1), integer(op, "p", 2)
    if rank is None or axis is None or not -rank <= axis < rank or p not in (1, 2):
        return False
    order = common_order(b, (x,), op.outputs[0])
    data, at = b.ordered(x, order), placed(order, axis % rank)
    if p == 2 and at == rank - 1:
        b.emit("L2_NORMALIZATION", {"input": data}, to=op.outputs[0], order=order)
        return True
    shape = b.shape(data)
    if p == 2:
        total = reduced_by(b, "SUM", b.emit("MUL", {"lhs": data, "rhs": data}, shape), (at,))
        total = b.emit("SQRT", {"x": total}, b.shape(total))
    else:
        total = reduced_by(b, "SUM", b.emit("ABS", {"x": data}, shape), (at,))
    b.emit("DIV", {"lhs": data, "rhs": total}, to=op.outputs[0], order=order)
    return True


@lowers("LRN", layout=Layout.LAST)
def local_response_norm(op: Op, b: Builder) -> bool:
    """LRN(X) -> LOCAL_RESPONSE_NORMALIZATION(input, radius = (size - 1) / 2, bias, alpha / size, beta)."""
    window, alpha = integer(op, "size", 0), number(op, "alpha", 1e-4)
    beta, bias = number(op, "beta", 0.75), number(op, "bias", 1.0)
    if window is None or window < 1 or alpha is None or beta is None or bias is None or len(op.inputs) != 1:
        return False
    if b.rank(op.inputs[0]) != 4:
        return False
    attrs = {"radius": (window - 1) // 2, "bias": bias, "alpha": alpha / window, "beta": beta}
    data = b.last(op.inputs[0])
    b.emit("LOCAL_RESPONSE_NORMALIZATION", {"input": data}, to=op.outputs[0], attrs=attrs, order=channels_last(4))
    return True
