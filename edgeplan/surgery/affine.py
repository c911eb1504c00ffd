"""Ops that scale and shift every channel by constants, and a convolution that does so itself, before or behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.convolution import Convolution
from edgeplan.surgery.looking import attribute, by_constant, floats, is_channelwise, is_constant, sizes
from edgeplan.surgery.rewrite import Array, Context, Edit

__all__ = ["Affine", "affine", "batchnorm", "scaled_inputs", "scaled_outputs"]


@dataclass(frozen=True, slots=True)
class Affine:
    """An op that makes `data * scale + shift`, a number each a channel, of constants.

    `compute` makes scale and shift of the contents of `sources`, one element a channel. `shifts` is whether the shift
    may be anything but 0.
    """

    node: ir.Node
    data: ir.Value
    sources: tuple[ir.Value, ...]
    compute: Callable[..., tuple[Array, Array]]
    shifts: bool


def batchnorm(node: ir.Node, context: Context) -> Affine | str:
    """A BatchNormalization as what it is after training, or why it cannot be: words about it."""
    data, scale, shift, mean, variance = node.inputs[:5]
    if context.opset < 7 or attribute(node, "spatial", 1) != 1:
        return "the BatchNormalization is of an old form"
    if attribute(node, "training_mode", 0) or any(o.name for o in node.outputs[1:]):
        return "the BatchNormalization is in training mode"
    if data is None or scale is None or shift is None or mean is None or variance is None:
        return "the BatchNormalization lacks an input"
    sources = (shift, scale, mean, variance)
    if not all(map(is_constant, sources)):
        return "the BatchNormalization's parameters are not constant"
    epsilon = floats(node, "epsilon", 1e-5)

    def compute(shift: Array, scale: Array, mean: Array, variance: Array) -> tuple[Array, Array]:
        factor = scale / np.sqrt(variance + epsilon)
        return factor, shift - mean * factor

    return Affine(node, data, sources, compute, True)


def affine(node: ir.Node, rank: int, channels: int, context: Context) -> Affine | str | None:
    """An Add, Sub, Mul or Div of a constant that holds for a whole channel, or why it is not that.

    The other operand must be known to have `rank` axes and as many channels: otherwise broadcasting would widen it.
    None where neither operand is a constant, or the data divides it.
    """
    found = by_constant(node)
    if found is None or context.opset < 7:
        return None
    data, given, place = found
    swapped = place == 0
    if swapped and node.op_type == "Div":
        return None
    if not is_channelwise(given, 1, rank, channels):
        return f"the constant of shape {list(sizes(given) or ())} is not one number a channel"
    kind = node.op_type

    def compute(given: Array) -> tuple[Array, Array]:
        flat = np.broadcast_to(given.reshape(-1), (channels,))
        one, zero = np.ones(channels), np.zeros(channels)
        if kind == "Mul":
            return flat, zero
        if kind == "Div":
            return 1 / flat, zero
        if kind == "Add":
            return one, flat
        return (-one, flat) if swapped else (one, -flat)

    return Affine(node, data, (given,), compute, kind in ("Add", "Sub"))


def scaled_outputs(edit: Edit, conv: Convolution, by: Affine) -> tuple[ir.Value, ir.Value | None]:
    """Weights and bias of a convolution that scales and shifts its results itself."""
    shape, count = sizes(conv.weight) or (), len(by.sources)
    groups, transposed = conv.groups, conv.transposed

    def weight(old: Array, *given: Array) -> Array:
        scale, _ = by.compute(*given)
        if not transposed:
            return old * scale.reshape(-1, *(1,) * (old.ndim - 1))
        parts = old.reshape(groups, -1, *old.shape[1:]) * scale.reshape(groups, 1, -1, *(1,) * (old.ndim - 2))
        return parts.reshape(old.shape)

    def bias(*given: Array) -> Array:
        scale, shift = by.compute(*given[:count])
        return given[count] * scale + shift if len(given) > count else shift

    name = (conv.bias or by.sources[0]).name or ""
    kept = (conv.bias,) if conv.bias is not None else ()
    dtype = conv.weight.dtype
    made = edit.folded(weight, conv.weight, *by.sources, shape=shape)
    if not kept and not by.shifts:
        return made, None
    return made, edit.folded(bias, *by.sources, *kept, shape=[conv.outputs], dtype=dtype, name=name)


def scaled_inputs(edit: Edit, conv: Convolution, by: Affine) -> tuple[ir.Value, ir.Value | None]:
    """Weights and bias of a Conv that scales its input itself, and shifts it: only right without padding."""
    shape, count = sizes(conv.weight) or (), len(by.sources)
    groups = conv.groups

    def weight(old: Array, *given: Array) -> Array:
        scale, _ = by.compute(*given)
        return np.asarray(old * spread(scale, old))

    def spread(numbers: Array, old: Array) -> Array:
        """One number an input channel, over the weights that read it."""
        own = numbers.reshape(groups, old.shape[1])
        return np.repeat(own, old.shape[0] // groups, 0).reshape(*old.shape[:2], *(1,) * (old.ndim - 2))

    def bias(old: Array, *given: Array) -> Array:
        _, shift = by.compute(*given[:count])
        added = (old * spread(shift, old)).sum(axis=tuple(range(1, old.ndim)))
        return np.asarray(added + given[count] if len(given) > count else added)

    made = edit.folded(weight, conv.weight, *by.sources, shape=shape)
    if not by.shifts:
        return made, conv.bias
    kept = (conv.bias,) if conv.bias is not None else ()
    name = (conv.bias or by.sources[0]).name or ""
    return made, edit.folded(
        bias, conv.weight, *by.sources, *kept, shape=[conv.outputs], dtype=conv.weight.dtype, name=name
    )
