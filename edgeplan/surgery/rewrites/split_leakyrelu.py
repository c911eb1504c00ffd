"""A LeakyRelu becomes the larger of its input and its input times the slope.

Before:
    y = LeakyRelu<alpha>(x)
After:
    y = Max(x, alpha * x)               # Min where alpha is above 1, Relu where it is 0

With a slope below 1, alpha * x is above x where x is negative, and below it where x is positive: the larger one is
what LeakyRelu takes. Both ops are among the few that accelerators for 8-bit integers have, which LeakyRelu often is
not. Not done where the type of x is not known.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import untold
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import floats
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SplitLeakyRelu"]


class SplitLeakyRelu(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-leakyrelu"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"LeakyRelu"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on every LeakyRelu."""
        x = node.inputs[0]
        unfit = untold(x)
        if unfit is not None or x is None:
            return unfit
        alpha = floats(node, "alpha", 0.01)
        edit = Edit()
        if alpha == 0:
            return edit.replaces([node], {node.outputs[0]: edit.op("Relu", [x])})
        scaled = edit.op("Mul", [x, edit.constant(alpha, dtype=x.dtype, name="leakyrelu_alpha")])
        made = edit.op("Min" if alpha > 1 else "Max", [x, scaled])
        return edit.replaces([node], {node.outputs[0]: made})
