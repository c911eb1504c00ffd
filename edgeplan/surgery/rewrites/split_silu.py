"""A Swish op becomes its input times a Sigmoid.

Before:
    y = Swish<alpha>(x)
After:
    y = x * Sigmoid(alpha * x)          # no first product where alpha is 1: that is SiLU

This is the op's definition. Swish came with opset 24, and few runtimes know it; ONNX Runtime's own QuickGelu, which is
the same with alpha = 1.702, is taken too. Not done where the type of x is not known.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import untold
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import floats
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SplitSilu"]


class SplitSilu(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-silu"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Swish", "QuickGelu"})
    domains: ClassVar[frozenset[str]] = frozenset({"", "com.microsoft"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on every Swish."""
        x = node.inputs[0]
        unfit = untold(x)
        if unfit is not None or x is None:
            return unfit
        alpha = floats(node, "alpha", 1.702 if node.op_type == "QuickGelu" else 1.0)
        edit = Edit()
        scaled = x if alpha == 1 else edit.op("Mul", [x, edit.constant(alpha, dtype=x.dtype, name="swish_alpha")])
        return edit.replaces([node], {node.outputs[0]: edit.op("Mul", [x, edit.op("Sigmoid", [scaled])])})
