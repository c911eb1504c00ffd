"""A hard swish taken apart becomes the HardSwish op.

Before:
    y = x * Clip(x + 3, 0, 6) / 6                   # the factors in any order, the sixth wherever it stands
    y = x * HardSigmoid<alpha = 1/6, beta = 0.5>(x)
After:
    y = HardSwish(x)

The op is defined as this formula. Not done with another slope, offset or bound (PaddlePaddle's hard sigmoid has slope
0.2), with constants rounded to four digits, or where something else reads a value in between. HardSwish came with
opset 14.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import Spelled, hard_swish
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["FuseHardSwish"]


class FuseHardSwish(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "fuse-hardswish"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FUSE
    roots: ClassVar[frozenset[str]] = frozenset({"Mul", "Div"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the last product of a hard swish."""
        found = hard_swish(node, context.opset)
        if not isinstance(found, Spelled):
            return found
        if context.opset < 14:
            return NearMiss(f"the model's opset is {context.opset}, HardSwish came with 14")
        edit = Edit()
        return edit.replaces(found.nodes, {node.outputs[0]: edit.op("HardSwish", [found.x])})
