"""Scaling or shifting the input of a convolution by constants, as a model does with images, goes into its weights.

Before:
    n = Mul(x, m)               # or Div, Add, Sub; m one number, or one a channel
    y = Conv(n, w, b)
After:
    y = Conv(x, w * m, b)       # behind an Add of m, without padding: Conv(x, w, b + sum of w * m)

Every weight meets one input channel, so that channel's factor can stand in the weight; zeros put around the input stay
zeros. A shift adds up to a number an output channel, but only where there is no padding: zeros around the input are not
shifted. Not done for a shift before a convolution that pads, where the constant differs along another axis than the
channels or widens the input, where something else reads the scaled tensor, or where the scaling is the end of a GELU or
HardSwish taken apart, which is better made one op.
"""

from __future__ import annotations

from math import prod
from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import Spelled, gelu, hard_swish
from edgeplan.surgery.affine import affine, scaled_inputs
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import convolution, like
from edgeplan.surgery.elementwise import ARITHMETIC
from edgeplan.surgery.looking import dims, is_constant, made_by, only_reader, sizes
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["ConvAfterAffine"]


class ConvAfterAffine(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "conv-after-affine"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FOLD
    roots: ClassVar[frozenset[str]] = frozenset({"Conv"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Conv whose input is made by an Add, Sub, Mul or Div with a constant."""
        before = made_by(node.inputs[0], *ARITHMETIC)
        if before is None or not any(map(is_constant, before.inputs)):
            return None
        conv = convolution(node)
        if isinstance(conv, str):
            return NearMiss(conv)
        by = affine(before, conv.spatial + 2, conv.inputs, context)
        if by is None:
            return None
        if isinstance(by, str):
            return NearMiss(by)
        axes, one = dims(by.data), prod(sizes(by.sources[0]) or ()) == 1
        if axes is None or len(axes) != conv.spatial + 2 or not (one or axes[1] == conv.inputs):
            return NearMiss(f"what is scaled is not known to have {conv.inputs} channels")
        if isinstance(gelu(before), Spelled) or isinstance(hard_swish(before, context.opset), Spelled):
            return None
        if only_reader(before.outputs[0]) is not node:
            return NearMiss("something else reads the scaled tensor")
        if by.shifts and conv.padded:
            return NearMiss(f"the convolution pads with zeros, which the {before.op_type} does not shift")
        edit = Edit()
        made = like(edit, conv, *scaled_inputs(edit, conv, by), by.data)
        return edit.replaces([before, node], {node.outputs[0]: made})
