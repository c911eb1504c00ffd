"""InstanceNormalization becomes the plain ops it stands for.

Before:
    y = InstanceNormalization(x, scale, bias, epsilon)
After:
    d = Sub(x, ReduceMean(x, axes=spatial))
    v = ReduceMean(Mul(d, d), axes=spatial)
    y = Add(Mul(Div(d, Sqrt(Add(v, epsilon))), scale as C,1,1), bias as C,1,1)

The op is defined as these ops. A runtime that takes it for images alone, and not for volumes, takes them. Not done in
half precision, where runtimes sum in float32 inside the op and would not outside.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import dims, floats, sizes
from edgeplan.surgery.normalization import narrow, per_channel, standardised
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SplitInstanceNorm"]


class SplitInstanceNorm(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-instancenorm"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"InstanceNormalization"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on an InstanceNormalization of a known rank."""
        source, scale, bias = node.inputs[:3]
        shape = dims(source)
        if source is None or scale is None or bias is None or shape is None or len(shape) < 3:
            return NearMiss("the rank of its input is not known")
        if (miss := narrow(source)) is not None:
            return miss
        if sizes(scale) != sizes(bias) or len(sizes(scale) or ()) != 1:
            return NearMiss("the shape of the scale or the bias is not known")
        edit = Edit()
        made, _, _ = standardised(edit, source, range(2, len(shape)), floats(node, "epsilon", 1e-5), context.opset)
        return edit.replaces([node], {node.outputs[0]: per_channel(edit, made, scale, bias)})
