"""Convolutions as rewrites read them, others like them, and two in a row as one."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.looking import attribute, attributes, ints, is_constant, made_by, only_reader, sizes
from edgeplan.surgery.padding import own_padding
from edgeplan.surgery.rewrite import Array, Edit

__all__ = ["Convolution", "composed", "convolution", "in_a_row", "like", "why_apart"]


@dataclass(frozen=True, slots=True)
class Convolution:
    """A Conv or ConvTranspose with constant weights, its attributes written out.

    `inputs` and `outputs` count all channels, over all groups. `pads` are those before each spatial axis, then those
    behind; None where the op chooses them by a size that is not known.
    """

    node: ir.Node
    source: ir.Value
    weight: ir.Value
    bias: ir.Value | None
    transposed: bool
    groups: int
    inputs: int
    outputs: int
    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...] | None

    @property
    def result(self) -> ir.Value:
        """What it makes."""
        return self.node.outputs[0]

    @property
    def spatial(self) -> int:
        """The number of axes the kernel slides over."""
        return len(self.kernel)

    @property
    def padded(self) -> bool:
        """Whether it puts zeros around its input, or may do so."""
        return self.pads is None or any(self.pads)

    @property
    def pointwise(self) -> bool:
        """Whether each result is made of the channels at one position alone."""
        return not self.transposed and prod(self.kernel) == 1 and not self.padded

    @property
    def weights(self) -> int:
        """The number of its weights without bias: what it multiplies for each position."""
        return prod(sizes(self.weight) or ())


def convolution(node: ir.Node, computed: bool = False) -> Convolution | str:
    """A Conv or ConvTranspose read, or why it cannot be: words about the convolution.

    With `computed`, its weights may be made at run time, as long as their shape is known.
    """
    source, weight = node.inputs[0], node.inputs[1]
    bias = node.inputs[2] if len(node.inputs) > 2 else None
    if source is None or weight is None:
        return "the convolution lacks an input"
    if computed and made_by(weight, "DequantizeLinear") is not None:
        return "the convolution is quantised"
    if not computed and not (is_constant(weight) and (bias is None or is_constant(bias))):
        return "the convolution's weights are not constant"
    shape = sizes(weight)
    if shape is None or len(shape) < 3 or weight.dtype is None:
        return "the shape of the convolution's weights is not known"
    transposed = node.op_type == "ConvTranspose"
    groups = int(attribute(node, "group", 1))
    first, second, kernel = shape[0], shape[1] * groups, shape[2:]
    ones = (1,) * len(kernel)
    strides, dilations = ints(node, "strides", ones) or ones, ints(node, "dilations", ones) or ones
    pads = _transposed_pads(node) if transposed else own_padding(node, kernel, strides, dilations)
    inputs, outputs = (first, second) if transposed else (second, first)
    return Convolution(
        node, source, weight, bias, transposed, groups, inputs, outputs, kernel, strides, dilations, pads
    )


def _transposed_pads(node: ir.Node) -> tuple[int, ...] | None:
    """What a ConvTranspose cuts off its result; None where it works towards a size."""
    auto = attribute(node, "auto_pad", "NOTSET")
    if auto not in ("NOTSET", "", "VALID") or attribute(node, "output_shape") is not None:
        return None
    shape = sizes(node.inputs[1]) or ()
    none = (0,) * (2 * len(shape) - 4)
    return none if auto == "VALID" else ints(node, "pads", none)


def like(
    edit: Edit,
    conv: Convolution,
    weight: ir.Value,
    bias: ir.Value | None,
    source: ir.Value | None = None,
    *without: str,
    **changed: Any,
) -> ir.Value:
    """The result of a convolution like another: other weights, another source, other attributes."""
    kept = {**attributes(conv.node, *without), **changed}
    inputs = [source if source is not None else conv.source, weight, *([bias] if bias is not None else [])]
    return edit.op(conv.node.op_type, inputs, kept)


def composed(edit: Edit, first: Convolution, second: Convolution) -> tuple[ir.Value, ir.Value | None]:
    """Weights and bias of one Conv in place of two in a row, of equal groups, one of whose kernels is a single place.

    The first one's bias goes through the second one's whole kernel: only right where the second one does not pad.
    """
    groups, kernel = first.groups, second.kernel if prod(first.kernel) == 1 else first.kernel
    shape = (second.outputs, first.inputs // groups, *kernel)
    own = (first.bias is not None, second.bias is not None)

    def weight(one: Array, two: Array) -> Array:
        inner = one.reshape(groups, first.outputs // groups, shape[1], -1)
        outer = two.reshape(groups, second.outputs // groups, second.inputs // groups, -1)
        return np.asarray(np.einsum("gmip,gomq->goipq", inner, outer, optimize=True).reshape(shape))

    def bias(two: Array, *given: Array) -> Array:
        made = np.asarray(given[-1] if own[1] else np.zeros(second.outputs))
        if own[0]:
            summed = two.reshape(groups, second.outputs // groups, second.inputs // groups, -1).sum(axis=3)
            made = made + np.einsum("gom,gm->go", summed, given[0].reshape(groups, -1)).reshape(-1)
        return made

    made = edit.folded(weight, first.weight, second.weight, shape=shape, name=second.weight.name or "")
    if not own[0]:
        return made, second.bias
    kept = [b for b in (first.bias, second.bias) if b is not None]
    name = kept[-1].name or ""
    dtype = second.weight.dtype
    return made, edit.folded(bias, second.weight, *kept, shape=[second.outputs], dtype=dtype, name=name)


def in_a_row(node: ir.Node) -> tuple[Convolution, Convolution] | None:
    """A Conv and the Conv that makes its input, when both can be read and have as many groups."""
    before = made_by(node.inputs[0], "Conv")
    if before is None:
        return None
    first, second = convolution(before), convolution(node)
    if isinstance(first, str) or isinstance(second, str) or first.groups != second.groups:
        return None
    return first, second


def why_apart(first: Convolution, second: Convolution) -> str:
    """Why one Conv is not to stand for two in a row; empty where it may."""
    if only_reader(first.result) is not second.node:
        return "something else reads what is between the convolutions"
    new = second.outputs * (first.inputs // first.groups) * max(prod(first.kernel), prod(second.kernel))
    old = first.weights + second.weights
    return f"one convolution would have {new} weights, the two have {old}" if new > old else ""
