"""A LayerNormalization behind a Transpose is computed where the channels stand, without it.

Before:
    t = Transpose(x, perm=[0,2,3,1])            # N,C,H,W to N,H,W,C
    n = LayerNormalization(t, scale, bias)      # over C
    y = Transpose(n, perm=[0,3,1,2])            # back
After:
    d = Sub(x, ReduceMean(x, axes=[1]))
    v = ReduceMean(Mul(d, d), axes=[1])
    y = Add(Mul(Div(d, Sqrt(Add(v, epsilon))), scale as C,1,1), bias as C,1,1)

Mean and variance over an axis are the same wherever the axis stands. ConvNeXt and its kin are full of this pair of
Transposes, which move the whole tensor twice. Where no Transpose leads back, the first one moves behind the
normalization, towards the next that may cancel it. Not done in half precision, where the op computes in float32 and
the plain ops would not.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import (
    attribute,
    dims,
    floats,
    is_constant,
    is_used,
    made_by,
    only_reader,
    sizes,
)
from edgeplan.surgery.normalization import narrow, standardised
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import transposed
from edgeplan.surgery.transposing import inverse, order_of

__all__ = ["LayerNormChannelFirst"]


class LayerNormChannelFirst(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "layernorm-channel-first"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"LayerNormalization"})
    undone_by: ClassVar[frozenset[str]] = frozenset({"push-transposes"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a LayerNormalization over the last axis that a Transpose has brought there."""
        ahead = made_by(node.inputs[0], "Transpose")
        source = ahead.inputs[0] if ahead is not None else None
        shape = dims(source)
        if ahead is None or source is None or shape is None:
            return None
        rank = len(shape)
        order = order_of(ahead)
        if order is None:
            return None
        axis = order[-1]
        if axis == rank - 1:
            return None
        if attribute(node, "axis", -1) % rank != rank - 1:
            return NearMiss("it normalizes over several axes")
        if (miss := narrow(source)) is not None:
            return miss
        if attribute(node, "stash_type", 1) != 1:
            return NearMiss("its statistics are not in float32")
        if any(map(is_used, node.outputs[1:])):
            return NearMiss("the mean or the inverse deviation is read")
        weights = [v for v in node.inputs[1:] if v is not None]
        channels = shape[axis]
        if not isinstance(channels, int) or not all(is_constant(w) and sizes(w) == (channels,) for w in weights):
            return NearMiss("the scale and bias are not one constant a channel")
        edit = Edit()
        made, _, _ = standardised(edit, source, [axis], floats(node, "epsilon", 1e-5), context.opset)
        along = (channels, *(1,) * (rank - 1 - axis))
        for kind, weight in zip(("Mul", "Add"), weights, strict=False):
            standing = edit.folded(lambda a: a.reshape(along), weight, shape=along)
            made = edit.typed(edit.op(kind, [made, standing]), source, shape)
        back = only_reader(node.outputs[0])
        if back is not None and back.op_type == "Transpose" and back.domain == "" and order_of(back) == inverse(order):
            return edit.replaces([ahead, node, back], {back.outputs[0]: made})
        return edit.replaces([ahead, node], {node.outputs[0]: transposed(edit, made, order)})
