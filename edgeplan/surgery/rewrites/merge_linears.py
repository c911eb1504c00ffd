"""Two linear layers with nothing between them become one.

Before:
    h = Gemm(x, V, a)           # or Add(MatMul(x, V), a)
    y = Gemm(h, W, b)           # or Add(MatMul(h, W), b)
After:
    y = Gemm(x, V W, a W + b)

(x V + a) W + b = x (V W) + (a W + b). It pays where the inputs times the outputs are fewer than the weights of both
layers together; where the middle is narrow on purpose, the product of the two would be larger, and it is not done. Nor
is it where others read what is in the middle, or the weights.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.linear import layer_of, linear
from edgeplan.surgery.looking import attribute, made_by, only_reader
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["MergeLinears"]


class MergeLinears(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "merge-linears"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FOLD
    roots: ClassVar[frozenset[str]] = frozenset({"Gemm", "MatMul"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a layer whose input is another layer's result."""
        if context.opset < 7 or made_by(node.inputs[0], "Gemm", "MatMul", "Add") is None:
            return None
        first, second = linear(node.inputs[0]), layer_of(node)
        if first is None or second is None:
            return None
        if isinstance(first, str) or isinstance(second, str):
            return NearMiss(first if isinstance(first, str) else str(second))
        if only_reader(second.data) is not node:
            return NearMiss("something else reads what is between the two layers")
        if any(attribute(layer.product, "transA", 0) for layer in (first, second)):
            return NearMiss("a Gemm turns its input")
        inputs, middle, outputs = first.inputs, first.outputs, second.outputs
        if inputs * outputs >= middle * (inputs + outputs):
            return NearMiss(f"the middle is narrow: {inputs} x {outputs} weights are no fewer than both layers have")
        sources = (second.weight, first.weight, *([first.bias] if first.bias is not None else []))

        def product(old: Array, _: Array, before: Array, *bias: Array) -> Array:
            return np.asarray(first.matrix(before) @ old)

        def shift(old: Array, weight: Array, _: Array, *bias: Array) -> Array:
            return np.asarray(first.offset(bias[0]) @ second.matrix(weight) + old)

        edit = Edit()
        made = second.with_weights(
            edit, product, shift if first.bias is not None else None, *sources, inputs=inputs, data=first.data
        )
        return edit.replaces([*first.nodes, *second.nodes], {second.nodes[-1].outputs[0]: made})
