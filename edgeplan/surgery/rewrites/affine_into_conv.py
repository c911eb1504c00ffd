"""Adding, subtracting, multiplying or dividing by a constant behind a convolution goes into its weights.

Before:
    c = Conv(x, w, b)           # or ConvTranspose, of any number of groups
    y = Mul(c, m)               # or Div, Add, Sub; m one number, or one a channel: [C,1,1], [1,C,1,1], [1], []
After:
    y = Conv(x, w * m, b * m)   # behind an Add of m: Conv(x, w, b + m)

A convolution is linear in its weights, and its bias is a number for each channel. Not done where the constant differs
along another axis than the channels or widens the result, where it is divided by the result, or where something else
reads the convolution's result.
"""

from __future__ import annotations

from math import prod
from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.affine import affine, scaled_outputs
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import convolution, like
from edgeplan.surgery.elementwise import ARITHMETIC
from edgeplan.surgery.looking import is_constant, is_output, made_by, only_reader, sizes
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["AffineIntoConv"]


class AffineIntoConv(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "affine-into-conv"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FOLD
    roots: ClassVar[frozenset[str]] = frozenset(ARITHMETIC)

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on an Add, Sub, Mul or Div of a convolution's result and a constant."""
        if len(node.inputs) != 2:
            return None
        left, right = node.inputs
        before = made_by(left, "Conv", "ConvTranspose") or made_by(right, "Conv", "ConvTranspose")
        if before is None or not (is_constant(left) or is_constant(right)):
            return None
        conv = convolution(before)
        if isinstance(conv, str):
            return NearMiss(conv)
        by = affine(node, conv.spatial + 2, conv.outputs, context)
        if by is None:
            return None
        if isinstance(by, str):
            return NearMiss(by)
        if only_reader(conv.result) is not node:
            if prod(sizes(by.sources[0]) or ()) == 1 and not is_output(conv.result):
                return None  # the arithmetic of an activation, such as x * (x + 3)
            return NearMiss("something else reads the convolution's result")
        edit = Edit()
        made = like(edit, conv, *scaled_outputs(edit, conv, by))
        return edit.replaces([before, node], {node.outputs[0]: made})
