"""A MatMul of two axes by a constant, and the Add of its bias, become one Gemm.

Before:
    h = MatMul(x, W)            # x of two axes, W constant; or Transpose(W)
    y = Add(h, b)               # b constant: one number, or one a column
After:
    y = Gemm(x, W, b)           # transB where W was transposed

Gemm is x W + b, with alpha and beta 1. A Reshape between the two that keeps the columns moves behind the Gemm.

Not done for tensors of more axes, which Gemm does not take; for a bias that is computed, or that varies by row; and
where others read the product before the bias.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import FLOATS, attributes, dims, is_channelwise, is_constant, made_by, only_reader, sizes
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.transposing import order_of

__all__ = ["MatmulAddToGemm"]


class MatmulAddToGemm(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "matmul-add-to-gemm"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FOLD
    roots: ClassVar[frozenset[str]] = frozenset({"Add"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on an Add of a MatMul by a constant, or of one that is reshaped."""
        if context.opset < 7:
            return None
        for at in (0, 1):
            view = made_by(node.inputs[at], "Reshape")
            product = made_by(view.inputs[0] if view is not None else node.inputs[at], "MatMul")
            if product is not None and (found := _matrix(product.inputs[1])) is not None:
                break
        else:
            return None
        bias, data = node.inputs[1 - at], product.inputs[0]
        weight, turn = found
        axes, shape, seen = dims(data), sizes(weight), dims(node.inputs[at])
        if bias is None or data is None or axes is None or seen is None or shape is None or len(shape) != 2:
            return None
        if len(axes) != 2:
            return None
        if not is_constant(bias):
            return NearMiss("what is added is computed, it is no bias")
        if weight.dtype not in FLOATS:
            return NearMiss("the weights are no floating-point numbers")
        columns = shape[0] if turn else shape[1]
        if not is_channelwise(bias, -1, len(seen), columns) or len(sizes(bias) or ()) > 2:
            return NearMiss("the bias is not one number, or one a column")
        if view is not None and (not seen or seen[-1] != columns):
            return NearMiss("the product's columns are reshaped before the bias")
        if only_reader(product.outputs[0]) is not (view or node) or (view and only_reader(view.outputs[0]) is not node):
            return NearMiss("something else reads the product before its bias")
        edit = Edit()
        made = edit.op("Gemm", [data, weight, bias], {"transB": 1} if turn else {})
        if view is not None:
            edit.typed(made, like=data, shape=(axes[0], columns))
            made = edit.op("Reshape", [made, *view.inputs[1:]], attributes(view))
        old = [n for n in (turn, product, view, node) if n is not None]
        return edit.replaces(old, {node.outputs[0]: made})


def _matrix(value: ir.Value | None) -> tuple[ir.Value, ir.Node | None] | None:
    """The constant a MatMul multiplies by, and the Transpose between."""
    if value is not None and is_constant(value):
        return value, None
    turn = made_by(value, "Transpose")
    if turn is None or not is_constant(turn.inputs[0]) or order_of(turn) != (1, 0):
        return None
    assert turn.inputs[0] is not None
    return turn.inputs[0], turn
