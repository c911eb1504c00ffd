"""A constant multiplied or added to what a linear layer gives becomes part of its weights and bias.

Before:
    h = Gemm(x, W, b)           # or Add(MatMul(x, W), b)
    y = Mul(h, s)               # or Div, Add, Sub; s one number, or one a channel
After:
    y = Gemm(x, W * s, b * s)

(x W + b) s = x (W s) + b s, and (x W + b) + t = x W + (b + t), where s and t hold one number for each column of W.

Not done where the constant varies along another axis, where it is divided by the layer's result, where others read that
result or the weights, and where a MatMul without a bias is only given one: two ops it is and two ops it would stay.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.linear import linear, made_in_gelu
from edgeplan.surgery.looking import by_constant, dims, is_channelwise, made_by, only_reader
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["AffineIntoLinear"]


class AffineIntoLinear(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "affine-into-linear"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FOLD
    roots: ClassVar[frozenset[str]] = frozenset({"Mul", "Div", "Add", "Sub"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on an elementwise op of a linear layer's result and a constant."""
        op = node.op_type
        found = by_constant(node)
        if found is None or context.opset < 7:
            return None
        value, factor, at = found
        if made_by(value, "Gemm", "MatMul", "Add") is None:
            return None
        layer = linear(value)
        if layer is None:
            return None
        if isinstance(layer, str):
            return NearMiss(layer)
        plain = layer.product.op_type == "MatMul" and layer.bias is None
        if plain and op in ("Add", "Sub"):
            return None
        axes = dims(value)
        if axes is None or not is_channelwise(factor, -1, len(axes), layer.outputs):
            return NearMiss("the constant is neither one number nor one a channel of the layer")
        if only_reader(value) is not node:
            if made_in_gelu(node):
                return None
            return NearMiss("something else reads the layer's result")
        if op == "Div" and at == 0:
            return NearMiss("a constant divided by the layer's result is not linear in it")
        edit = Edit()

        def scaled(old: Array, by: Array) -> Array:
            flat = by.reshape(-1)
            return np.asarray(old / flat if op == "Div" else old * flat)

        def shifted(old: Array, by: Array) -> Array:
            flat = by.reshape(-1)
            return np.asarray(old + flat if op == "Add" else flat - old if at == 0 else old - flat)

        if op in ("Mul", "Div"):
            made = layer.with_weights(edit, scaled, scaled if layer.bias is not None else None, factor)
        elif op == "Sub" and at == 0:
            made = layer.with_weights(edit, lambda old, _: -old, shifted, factor)
        else:
            made = layer.with_weights(edit, None, shifted, factor)
        return edit.replaces([*layer.nodes, node], {node.outputs[0]: made})
