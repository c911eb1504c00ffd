"""LayerNormalization becomes the plain ops it stands for.

Before:
    y = LayerNormalization(x, scale, bias, axis, epsilon)
After:
    d = Sub(x, ReduceMean(x, axes=axis..last))
    v = ReduceMean(Mul(d, d), axes=axis..last)
    y = Add(Mul(Div(d, Sqrt(Add(v, epsilon))), scale), bias)

The op is defined as these ops. A runtime of an older opset, or one that normalizes over the last axis alone, takes
them where it refuses the op; so does one that does not hand out the op's mean and inverse deviation. Not done in half
precision, where the op computes in float32 and the plain ops would not, or in float64, where it hands out float32.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import attribute, dims, floats, is_used
from edgeplan.surgery.normalization import narrow, standardised
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SplitLayerNorm"]


class SplitLayerNorm(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-layernorm"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"LayerNormalization"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a LayerNormalization of a known rank."""
        source, scale = node.inputs[0], node.inputs[1]
        shape = dims(source)
        if source is None or scale is None or not shape:
            return NearMiss("the rank of its input is not known")
        if (miss := narrow(source)) is not None:
            return miss
        if attribute(node, "stash_type", 1) != 1:
            return NearMiss("its statistics are not in float32")
        if source.dtype != ir.DataType.FLOAT:
            return NearMiss("it is not in float32, its statistics are")
        axes = range(attribute(node, "axis", -1) % len(shape), len(shape))
        edit = Edit()
        made, mean, root = standardised(edit, source, axes, floats(node, "epsilon", 1e-5), context.opset)
        made = edit.typed(edit.op("Mul", [made, scale]), source, shape)
        bias = node.inputs[2] if len(node.inputs) > 2 else None
        if bias is not None:
            made = edit.typed(edit.op("Add", [made, bias]), source, shape)
        outputs = {node.outputs[0]: made}
        for out, what in zip(node.outputs[1:], ("mean", "inverse"), strict=False):
            if is_used(out):
                outputs[out] = mean if what == "mean" else edit.typed(edit.op("Reciprocal", [root]), source, dims(root))
        return edit.replaces([node], outputs)
