"""A linear layer as ONNX spells it: a Gemm, a MatMul by a constant, or such a MatMul and an Add of a constant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.looking import (
    FLOATS,
    attribute,
    attributes,
    dims,
    floats,
    is_channelwise,
    is_constant,
    made_by,
    only_reader,
    sizes,
)
from edgeplan.surgery.rewrite import Array, Edit

__all__ = ["Linear", "layer_of", "linear", "made_in_gelu"]

_SMALL = 4096
"""Elements up to which shared weights may become two: cleaning merges small equal ones, whatever they mean."""


@dataclass(frozen=True, slots=True)
class Linear:
    """y = x W + b over the last axis: `matrix` gives W as (inputs, outputs), `offset` b, from the old constants."""

    nodes: tuple[ir.Node, ...]
    product: ir.Node
    data: ir.Value
    weight: ir.Value
    bias: ir.Value | None
    inputs: int
    outputs: int

    def matrix(self, weight: Array) -> Array:
        """W of the contents of `weight`, a Gemm's alpha in it."""
        if self.product.op_type != "Gemm":
            return weight
        turned = weight.T if attribute(self.product, "transB", 0) else weight
        return np.asarray(turned * floats(self.product, "alpha", 1.0))

    def offset(self, bias: Array) -> Array:
        """b of the contents of `bias`, one element an output, a Gemm's beta in it."""
        beta = floats(self.product, "beta", 1.0) if self.product.op_type == "Gemm" else 1.0
        return np.asarray(np.broadcast_to(bias.reshape(-1) * beta, (self.outputs,)))

    def with_weights(
        self,
        edit: Edit,
        matrix: Callable[..., Array] | None,
        offset: Callable[..., Array] | None,
        *others: ir.Value,
        inputs: int | None = None,
        data: ir.Value | None = None,
    ) -> ir.Value:
        """The same layer, spelled the same, with another W and b.

        `matrix` makes W of the old W and the contents of `others`, `offset` b of the old b (zeros where there was none)
        and theirs; None leaves it as it is.
        """
        gemm = self.product.op_type == "Gemm"
        turned = gemm and bool(attribute(self.product, "transB", 0))
        rows = self.inputs if inputs is None else inputs
        data = self.data if data is None else data
        weight, bias = self.weight, self.bias
        if matrix is not None:
            make = matrix

            def new_weight(old: Array, *rest: Array) -> Array:
                made = make(self.matrix(old), *rest)
                return np.asarray(made.T if turned else made)

            shape = [self.outputs, rows] if turned else [rows, self.outputs]
            weight = edit.folded(new_weight, self.weight, *others, shape=shape)
        if offset is not None:
            shift = offset
            if self.bias is None:
                nothing = np.zeros(self.outputs)
                bias = edit.folded(
                    lambda *rest: shift(nothing, *rest), *others, shape=[self.outputs], dtype=self.weight.dtype
                )
            else:
                bias = edit.folded(
                    lambda old, *rest: shift(self.offset(old), *rest), self.bias, *others, shape=[self.outputs]
                )
        if gemm:
            kept = attributes(self.product, *(["alpha"] if matrix else []), *(["beta"] if offset else []))
            return edit.op("Gemm", [data, weight, *([bias] if bias is not None else [])], kept)
        made = edit.op("MatMul", [data, weight])
        if bias is None:
            return made
        edit.typed(made, like=self.data, shape=dims(self.product.outputs[0]))
        return edit.op("Add", [made, bias])


def linear(value: ir.Value | None) -> Linear | str | None:
    """The linear layer that makes a value; why it cannot be used as one; None where there is none.

    Its weights are read by it alone, or small, so that new ones can take their place.
    """
    end = made_by(value, "Gemm", "MatMul", "Add")
    if end is None or value is None:
        return None
    product, bias = end, None
    if end.op_type == "Add":
        for at in (0, 1):
            found = made_by(end.inputs[at], "MatMul")
            if found is not None and is_constant(end.inputs[1 - at]) and is_constant(found.inputs[1]):
                product, bias = found, end.inputs[1 - at]
                break
        else:
            return None
        if only_reader(product.outputs[0]) is not end:
            return None
    elif end.op_type == "Gemm" and len(end.inputs) > 2:
        bias = end.inputs[2]
    data, weight = product.inputs[0], product.inputs[1]
    if data is None or weight is None or not is_constant(weight):
        return None
    shape, axes = sizes(weight), dims(data)
    if shape is None or len(shape) != 2 or axes is None or len(axes) < 2:
        return "the product's operands are not known to be tensors of rank 2 or more by a matrix"
    if weight.dtype not in FLOATS:
        return "the weights are no floating-point numbers"
    turned = product.op_type == "Gemm" and attribute(product, "transB", 0)
    inputs, outputs = (shape[1], shape[0]) if turned else shape
    if axes[-1] != inputs and not (product.op_type == "Gemm" and attribute(product, "transA", 0)):
        return "the size of the axis the product sums over is not known"
    if bias is not None and not (is_constant(bias) and is_channelwise(bias, -1, len(axes), outputs)):
        return "the bias is not a constant of one element an output"
    if len(weight.uses()) > 1 and shape[0] * shape[1] > _SMALL:
        return "other ops read the weights, too"
    nodes = (product,) if product is end else (product, end)
    return Linear(nodes, product, data, weight, bias, inputs, outputs)


def layer_of(product: ir.Node) -> Linear | str | None:
    """The linear layer of a MatMul or Gemm, with the bias that an Add behind the MatMul gives it."""
    reader = only_reader(product.outputs[0])
    if product.op_type == "MatMul" and reader is not None and reader.op_type == "Add":
        found = linear(reader.outputs[0])
        if isinstance(found, Linear) and found.product is product:
            return found
    return linear(product.outputs[0])


def made_in_gelu(scale: ir.Node) -> bool:
    """Whether a scale is the one inside a spelled-out GELU, which is no part of the layer before it."""
    reader = only_reader(scale.outputs[0])
    return reader is not None and reader.op_type == "Erf"
