"""The scale of an attention's scores moves to its queries, before the product.

Before:
    t = MatMul(q, k)
    y = Mul(t, s)               # or Div; s one number, that makes smaller
After:
    r = Mul(q, s)
    y = MatMul(r, k)

(q k) s = (q s) k. In float16 the products of unscaled queries and keys overflow beyond 65504 before the scale can bring
them back; scaled first they do not. The queries are mostly the smaller tensor, too.

Not done where the scale makes larger, where others read the unscaled product, and for a product by a constant, whose
weights take the scale.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import FLOATS, by_constant, dims, is_constant, made_by, only_reader, scalar
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["AttentionScaleFirst"]


class AttentionScaleFirst(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "attention-scale-first"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Mul", "Div"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a scale of a product of two tensors that are both computed."""
        found = by_constant(node)
        if found is None or (node.op_type == "Div" and found[2] == 0):
            return None
        value, factor, _ = found
        product = made_by(value, "MatMul")
        if product is None:
            return None
        queries, keys = product.inputs[0], product.inputs[1]
        if queries is None or keys is None or is_constant(queries) or is_constant(keys):
            return None
        axes, rank = dims(queries), len(factor.shape or ())
        if axes is None or queries.dtype not in FLOATS:
            return NearMiss("the type or shape of what is multiplied is not known")
        scale = scalar(factor)
        if scale is None:
            return NearMiss("the scale is not one number")
        if rank > len(axes):
            return NearMiss("the scale has more axes than what it would scale")
        if not (abs(scale) <= 1 if node.op_type == "Mul" else abs(scale) >= 1):
            return NearMiss("the scale makes larger: it is safer behind the product")
        if only_reader(value) is not node:
            return NearMiss("something else reads the product before its scale")
        edit = Edit()
        scaled = edit.typed(edit.op(node.op_type, [queries, factor]), like=queries, shape=axes)
        made = edit.op("MatMul", [scaled, keys])
        return edit.replaces([product, node], {node.outputs[0]: made})
