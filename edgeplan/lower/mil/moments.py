"""Normalisations that MIL has no op for and coremltools writes out: group, root-mean-square, Lp, mean and variance."""

from __future__ import annotations

from edgeplan.graph import Attr, Dim, Op
from edgeplan.lower.attributes import integer, integers, number
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import scalar
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.neighbours import used
from edgeplan.lower.shapes import reduced, reshape_target

__all__ = ["group_norm", "lp_norm", "mean_variance_norm", "rms_norm"]

_FIRST_RMS_NORM = 23


def _centred(b: Builder, x: str, axes: tuple[int, ...]) -> tuple[str, str]:
    """x -> x - reduce_mean(x), and the variance: reduce_mean of its square."""
    shape = b.shape(x)
    attrs: dict[str, Attr] = {"axes": axes, "keep_dims": True}
    mean = b.emit("reduce_mean", {"x": x}, reduced(shape, axes, True), attrs=attrs)
    rest = b.emit("sub", {"x": x, "y": mean}, shape)
    squared = b.emit("square", {"x": rest}, shape)
    return rest, b.emit("reduce_mean", {"x": squared}, reduced(shape, axes, True), attrs=attrs)


@lowers("GroupNormalization")
def group_norm(op: Op, b: Builder) -> bool:
    """GroupNormalization(X, scale, bias) -> reshape to [N, G, C/G, ...], sub the mean, real_div by the deviation,
    reshape back, mul, add (source: coremltools `frontend/torch/ops.py` _group_norm_impl).

    Scale and bias have one element a channel, or one a group (opset 18).
    """
    if len(op.inputs) != 3:
        return False
    x, scale, bias = op.inputs
    shape, groups, epsilon = b.shape(x), integer(op, "num_groups", 0), number(op, "epsilon", 1e-5)
    if shape is None or len(shape) < 2 or groups is None or groups < 1 or epsilon is None:
        return False
    channels = shape[1]
    if not isinstance(channels, int) or channels % groups or not (b.value(scale).const and b.value(bias).const):
        return False
    split: tuple[Dim, ...] = (shape[0], groups, channels // groups, *shape[2:])
    narrow, back = reshape_target(split), reshape_target(shape)
    if narrow is None or back is None:
        return False
    y = b.emit("reshape", {"x": x}, split, attrs={"shape": narrow})
    rest, variance = _centred(b, y, tuple(range(2, len(split))))
    variance = b.emit("add", {"x": variance, "y": scalar(b, variance, epsilon)}, b.shape(variance))
    deviation = b.emit("sqrt", {"x": variance}, b.shape(variance))
    y = b.emit("real_div", {"x": rest, "y": deviation}, split)
    y = b.emit("reshape", {"x": y}, shape, attrs={"shape": back})
    column = (1, channels, *(1 for _ in shape[2:]))
    y = b.emit("mul", {"x": y, "y": b.weight(scale, column, "gamma")}, shape)
    b.emit("add", {"x": y, "y": b.weight(bias, column, "beta")}, to=op.outputs[0])
    return True


@lowers("RMSNormalization", "SimplifiedLayerNormalization", "com.microsoft.SimplifiedLayerNormalization")
def rms_norm(op: Op, b: Builder) -> bool:
    """RMSNormalization(X, scale) -> x / sqrt(mean(x^2) + eps) * scale, in one of two ways.

    An op of opset 23 was `aten::rms_norm`: abs, reduce_max, real_div, square, reduce_mean, add, sqrt, mul, real_div,
    mul, scaled so that fp16 cannot overflow (source: coremltools `frontend/torch/ops.py` rms_norm). One fused from an
    older model was written by hand: pow, reduce_mean, add, rsqrt, mul, mul.
    """
    if len(op.inputs) != 2 or any(used(b, o) for o in op.outputs[1:]):
        return False
    x, scale = op.inputs
    shape, axis, epsilon = b.shape(x), integer(op, "axis", -1), number(op, "epsilon", 1e-5)
    if shape is None or axis is None or not -len(shape) <= axis < len(shape) or epsilon is None:
        return False
    axes = tuple(range(axis % len(shape), len(shape)))
    few = reduced(shape, axes, True)
    attrs: dict[str, Attr] = {"axes": axes, "keep_dims": True}
    if op.version >= _FIRST_RMS_NORM and not op.domain:
        magnitude = b.emit("abs", {"x": x}, shape)
        largest = b.emit("reduce_max", {"x": magnitude}, few, attrs=attrs)
        small = b.emit("real_div", {"x": x, "y": largest}, shape)
        squared = b.emit("square", {"x": small}, shape)
        mean = b.emit("reduce_mean", {"x": squared}, few, attrs=attrs)
        mean = b.emit("add", {"x": mean, "y": scalar(b, x, epsilon)}, few)
        root = b.emit("sqrt", {"x": mean}, few)
        root = b.emit("mul", {"x": root, "y": largest}, few)
        y = b.emit("real_div", {"x": x, "y": root}, shape)
    else:
        squared = b.emit("pow", {"x": x, "y": scalar(b, x, 2)}, shape)
        mean = b.emit("reduce_mean", {"x": squared}, few, attrs=attrs)
        mean = b.emit("add", {"x": mean, "y": scalar(b, x, epsilon)}, few)
        root = b.emit("rsqrt", {"x": mean}, few, attrs={"epsilon": 1e-12})
        y = b.emit("mul", {"x": x, "y": root}, shape)
    b.emit("mul", {"x": y, "y": scale}, to=op.outputs[0])
    return True


@lowers("LpNormalization")
def lp_norm(op: Op, b: Builder) -> bool:
    """LpNormalization(input) with p=2 -> reduce_l2_norm, real_div; with p=1 -> abs, reduce_sum, real_div."""
    p, axis = integer(op, "p", 2), integer(op, "axis", -1)
    if p not in (1, 2) or axis is None or len(op.inputs) != 1:
        return False
    x = op.inputs[0]
    shape = b.shape(x)
    if shape is None or not -len(shape) <= axis < len(shape):
        return False
    axes = (axis % len(shape),)
    attrs: dict[str, Attr] = {"axes": axes, "keep_dims": True}
    if p == 2:
        norm = b.emit("reduce_l2_norm", {"x": x}, reduced(shape, axes, True), attrs=attrs)
    else:
        norm = b.emit("reduce_sum", {"x": b.emit("abs", {"x": x}, shape)}, reduced(shape, axes, True), attrs=attrs)
    b.emit("real_div", {"x": x, "y": norm}, to=op.outputs[0])
    return True


@lowers("MeanVarianceNormalization")
def mean_variance_norm(op: Op, b: Builder) -> bool:
    """MeanVarianceNormalization(X) -> sub the mean, real_div by sqrt(variance) + 1e-9."""
    axes = integers(op, "axes", (0, 2, 3))
    if axes is None or len(op.inputs) != 1:
        return False
    x = op.inputs[0]
    shape = b.shape(x)
    if shape is None or any(not -len(shape) <= a < len(shape) for a in axes):
        return False
    rest, variance = _centred(b, x, tuple(sorted({a % len(shape) for a in axes})))
    deviation = b.emit("sqrt", {"x": variance}, b.shape(variance))
    deviation = b.emit("add", {"x": deviation, "y": scalar(b, x, 1e-9)}, b.shape(variance))
    b.emit("real_div", {"x": rest, "y": deviation}, to=op.outputs[0])
    return True
