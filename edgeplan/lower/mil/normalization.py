"""Normalisations that MIL has an op for: batch_norm, instance_norm, layer_norm, local_response_norm."""

from __future__ import annotations

from edgeplan.graph import Attr, Op
from edgeplan.lower.attributes import flag, integer, number, port
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.neighbours import used
from edgeplan.lower.shapes import broadcast, size

__all__ = ["batch_norm", "instance_norm", "layer_norm", "local_response_norm", "skip_layer_norm"]


@lowers("BatchNormalization")
def batch_norm(op: Op, b: Builder) -> bool:
    """BatchNormalization(X, scale, B, mean, var) -> batch_norm(x, mean, variance, gamma, beta).

    Of rank 2 between expand_dims and squeeze. Training mode, or statistics that are not constant, have no lowering.
    """
    if len(op.inputs) != 5 or flag(op, "training_mode", False) is not False or any(used(b, o) for o in op.outputs[1:]):
        return False
    x, gamma, beta, mean, variance = op.inputs
    epsilon, shape = number(op, "epsilon", 1e-5), b.shape(x)
    if epsilon is None or shape is None or not 2 <= len(shape) <= 5 or not all(b.value(n).const for n in op.inputs[1:]):
        return False
    given = {"mean": mean, "variance": variance, "gamma": gamma, "beta": beta}
    attrs = {"epsilon": epsilon}
    if len(shape) > 2:
        b.emit("batch_norm", {"x": x, **given}, to=op.outputs[0], attrs=attrs)
        return True
    wide = (*shape, 1)
    y = b.emit("expand_dims", {"x": x}, wide, attrs={"axes": (2,)})
    y = b.emit("batch_norm", {"x": y, **given}, wide, attrs=attrs)
    b.emit("squeeze", {"x": y}, to=op.outputs[0], attrs={"axes": (2,)})
    return True


@lowers("InstanceNormalization")
def instance_norm(op: Op, b: Builder) -> bool:
    """InstanceNormalization(input, scale, B) -> instance_norm(x, gamma, beta). Scale and bias must be constant."""
    epsilon = number(op, "epsilon", 1e-5)
    if epsilon is None or len(op.inputs) != 3 or not all(b.value(n).const for n in op.inputs[1:]):
        return False
    x, gamma, beta = op.inputs
    b.emit("instance_norm", {"x": x, "gamma": gamma, "beta": beta}, to=op.outputs[0], attrs={"epsilon": epsilon})
    return True


@lowers("LayerNormalization", "com.microsoft.LayerNormalization")
def layer_norm(op: Op, b: Builder) -> bool:
    """LayerNormalization(X, Scale, B) -> layer_norm(x, gamma, beta) over the axes from `axis` on.

    Scale and bias must be constant; the mean and the deviation must not be read.
    """
    if not 1 <= len(op.inputs) <= 3 or any(used(b, o) for o in op.outputs[1:]):
        return False
    return _emit_layer_norm(op, b, op.inputs[0], port(op, "Scale", 1), port(op, "B", 2))


def _emit_layer_norm(op: Op, b: Builder, x: str, gamma: str | None, beta: str | None) -> bool:
    epsilon, axis, rank = number(op, "epsilon", 1e-5), integer(op, "axis", -1), b.rank(x)
    if epsilon is None or axis is None or rank is None or not -rank <= axis < rank:
        return False
    if any(n is not None and not b.value(n).const for n in (gamma, beta)):
        return False
    attrs: dict[str, Attr] = {"axes": tuple(range(axis % rank, rank)), "epsilon": epsilon}
    b.emit("layer_norm", {"x": x, "gamma": gamma, "beta": beta}, to=op.outputs[0], attrs=attrs)
    return True


@lowers("com.microsoft.SkipLayerNormalization")
def skip_layer_norm(op: Op, b: Builder) -> bool:
    """SkipLayerNormalization(input, skip, gamma, beta, bias) -> add(input, skip), add(., bias), layer_norm."""
    names = ("input", "skip", "gamma", "beta", "bias")
    x, skip, gamma, beta, bias = (port(op, name, slot) for slot, name in enumerate(names))
    if x is None or skip is None or gamma is None:
        return False
    constants = [n for n in (gamma, beta) if n is not None]
    if (
        b.rank(x) in (None, 0)
        or b.rank(skip) is None
        or number(op, "epsilon", 1e-12) is None
        or not all(b.value(n).const for n in constants)
    ):
        return False
    if any(used(b, o) for o in op.outputs[1:]) or integer(op, "axis", -1) != -1:
        return False
    total = b.emit("add", {"x": x, "y": skip}, broadcast(b.shape(x), b.shape(skip)))
    if bias is not None:
        total = b.emit("add", {"x": total, "y": bias}, b.shape(total))
    return _emit_layer_norm(op, b, total, gamma, beta)


@lowers("LRN")
def local_response_norm(op: Op, b: Builder) -> bool:
    """LRN(X) -> local_response_norm(x, size, alpha, beta, k)."""
    window, alpha, beta, bias = (
        integer(op, "size", 0),
        number(op, "alpha", 1e-4),
        number(op, "beta", 0.75),
        number(op, "bias", 1.0),
    )
    if window is None or window < 1 or alpha is None or beta is None or bias is None or len(op.inputs) != 1:
        return False
    if size(b.shape(op.inputs[0]), 1) is None and (b.rank(op.inputs[0]) or 0) < 3:
        return False
    attrs = {"size": window, "alpha": alpha, "beta": beta, "k": bias}
    b.emit("local_response_norm", {"x": op.inputs[0]}, to=op.outputs[0], attrs=attrs)
    return True
