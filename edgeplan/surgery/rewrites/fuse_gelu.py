"""A GELU taken apart becomes the Gelu op.

Before:
    e = Erf(x / 1.4142135)
    y = x * (1 + e) * 0.5       # the factors in any order, the constants wherever they stand
After:
    y = Gelu(x)

or with t = Tanh(0.7978846 * (x + 0.044715 * x**3)) in place of e: y = Gelu<approximate = "tanh">(x).

The op is defined as this formula. The whole expression is multiplied out before it is compared, so that no spelling
is missed. Not done where the constants are rounded (0.707 or float16), since that is another function, nor where
something else reads a value in between. Gelu came with opset 20.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import Spelled, gelu
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["FuseGelu"]


class FuseGelu(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "fuse-gelu"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FUSE
    roots: ClassVar[frozenset[str]] = frozenset({"Mul", "Div"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the last product of a GELU."""
        found = gelu(node)
        if not isinstance(found, Spelled):
            return found
        if context.opset < 20:
            return NearMiss(f"the model's opset is {context.opset}, Gelu came with 20")
        edit = Edit()
        made = edit.op("Gelu", [found.x], {"approximate": found.form})
        return edit.replaces(found.nodes, {node.outputs[0]: made})
