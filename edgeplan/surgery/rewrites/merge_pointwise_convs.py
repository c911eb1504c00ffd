"""Two convolutions of a single place in a row, with nothing between, become one.

Before:
    c = Conv(x, v, a)           # 1x1, from `in` channels to `mid`
    y = Conv(c, w, b)           # 1x1, from `mid` channels to `out`
After:
    y = Conv(x, w v, b + w a)   # the matrix product of the weights

At each position both are matrices, and a product of matrices is one. Not done where the product has more elements than
both together: a narrow middle (`mid` well below `in` and `out`) is there to save work. Not done where something else
reads the middle, or where the groups differ.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import composed, in_a_row, like, why_apart
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["MergePointwiseConvs"]


class MergePointwiseConvs(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "merge-pointwise-convs"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FOLD
    roots: ClassVar[frozenset[str]] = frozenset({"Conv"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a 1x1 Conv whose input is made by a 1x1 Conv."""
        both = in_a_row(node)
        if both is None or not (both[0].pointwise and both[1].pointwise):
            return None
        first, second = both
        if why := why_apart(first, second):
            return NearMiss(why)
        edit = Edit()
        strides = [a * b for a, b in zip(first.strides, second.strides, strict=True)]
        made = like(edit, second, *composed(edit, first, second), first.source, strides=strides)
        return edit.replaces([first.node, node], {node.outputs[0]: made})
