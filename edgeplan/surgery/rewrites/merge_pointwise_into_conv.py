"""A convolution of a single place, right before or behind one with a larger kernel, goes into the latter's weights.

Before:
    c = Conv(x, v)              # 1x1, without bias, or no padding in the next one
    y = Conv(c, w, b, pads=p)   # k x k
or
    c = Conv(x, v, a, pads=p)   # k x k
    y = Conv(c, w, b)           # 1x1
After:
    y = Conv(x, u, b, pads=p)   # k x k: u the product of both along the channels between, at each place of the kernel

A 1x1 convolution mixes channels, each position by itself, which is a matrix product with every column of the kernel.
Zeros around the input stay zeros when they are mixed, but a bias added to them would be missing at the border: so a 1x1
with bias goes forward only into a convolution that does not pad. Not done where one kernel would have more weights than
both together, where something else reads the middle, or where the groups differ (a depthwise convolution and a 1x1).
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import composed, in_a_row, like, why_apart
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["MergePointwiseIntoConv"]


class MergePointwiseIntoConv(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "merge-pointwise-into-conv"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FOLD
    roots: ClassVar[frozenset[str]] = frozenset({"Conv"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Conv whose input is made by a Conv, one of them 1x1 and the other larger."""
        both = in_a_row(node)
        if both is None or both[0].pointwise == both[1].pointwise:
            return None
        first, second = both
        if why := why_apart(first, second):
            return NearMiss(why)
        edit = Edit()
        if first.pointwise:
            if first.bias is not None and second.padded:
                return NearMiss("the second convolution pads with zeros, to which the first one's bias is not added")
            if set(first.strides) != {1}:
                return NearMiss("the first convolution leaves out positions, which the second one's kernel skips")
            made = like(edit, second, *composed(edit, first, second), first.source)
        else:
            if first.pads is None:
                return NearMiss("the convolution chooses its padding by a size that is not known")
            strides = [a * b for a, b in zip(first.strides, second.strides, strict=True)]
            weights = composed(edit, first, second)
            made = like(edit, first, *weights, None, "auto_pad", strides=strides, pads=first.pads)
        return edit.replaces([first.node, node], {node.outputs[0]: made})
