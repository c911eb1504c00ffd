"""A 1x1 convolution with a stride becomes a Slice that picks the positions it reads, and a 1x1 convolution without.

Before:
    y = Conv(x, w, b, strides=[2, 2])         # w: 1 x 1
After:
    s = Slice(x, steps=[2, 2])                # over height and width
    y = Conv(s, w, b)

A 1x1 kernel reads one position a result; with a stride of 2 three quarters of the image are never read. Not done
where the convolution pads, or chooses its padding by a size that is not known.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import convolution, like
from edgeplan.surgery.looking import ints, sizes
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import END, sliced

__all__ = ["StridedPointwiseToSlice"]


class StridedPointwiseToSlice(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "strided-pointwise-to-slice"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Conv"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a 1x1 Conv with a stride over 1."""
        shape = sizes(node.inputs[1])
        if shape is None or set(shape[2:]) != {1} or max(ints(node, "strides") or (1,)) == 1:
            return None
        conv = convolution(node, computed=True)
        if isinstance(conv, str):
            return NearMiss(conv)
        if conv.padded:
            return NearMiss("the convolution pads its input")
        if context.opset < 10:
            return NearMiss("a Slice has no steps before opset 10")
        edit = Edit()
        steps = [(axis, 0, END, s) for axis, s in enumerate(conv.strides, 2) if s > 1]
        picked = sliced(edit, context.opset, conv.source, steps)
        made = like(edit, conv, conv.weight, conv.bias, picked, "strides", "auto_pad", "dilations", "pads")
        return edit.replaces([node], {node.outputs[0]: made})
