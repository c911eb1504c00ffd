"""A Pad of zeros before a convolution becomes the convolution's own padding.

Before:
    p = Pad(x, pads)            # mode constant, value 0, nothing on the batch and channel axes
    y = Conv(p, w, b, pads=a)
After:
    y = Conv(x, w, b, pads=a + pads)

A convolution pads with zeros itself, so the padded tensor need not be written to memory. Not done where the Pad
writes another value than 0, reflects or repeats, crops (a negative pad), or where others read the padded tensor.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attributes, made_by
from edgeplan.surgery.padding import both_paddings, pad_value
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["PadIntoConv"]


class PadIntoConv(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "pad-into-conv"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.FOLD
    roots: ClassVar[frozenset[str]] = frozenset({"Conv"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Conv whose input is made by a Pad."""
        pad = made_by(node.inputs[0], "Pad")
        if pad is None:
            return None
        both = both_paddings(pad, node, context.opset)
        if isinstance(both, str):
            return NearMiss(both)
        if pad_value(pad, context.opset) != 0:
            return NearMiss("the Pad does not write zeros")
        edit = Edit()
        pads = [a + b for a, b in zip(*both, strict=True)]
        made = edit.op(
            "Conv", [pad.inputs[0], *node.inputs[1:]], {**attributes(node, "pads", "auto_pad"), "pads": pads}
        )
        return edit.replaces([pad, node], {node.outputs[0]: made})
