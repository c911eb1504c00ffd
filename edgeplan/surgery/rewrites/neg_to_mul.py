"""Neg becomes a product with -1.

Before:
    y = Neg(x)
After:
    y = Mul(x, -1)

Both turn the sign and nothing else. Runtimes that lack Neg have Mul. Not done for integers.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import untold
from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["NegToMul"]


class NegToMul(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "neg-to-mul"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Neg"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the Neg of floats."""
        source = node.inputs[0]
        unfit = untold(source)
        if unfit is not None or source is None:
            return unfit
        edit = Edit()
        made = edit.op("Mul", [source, edit.constant(-1.0, source.dtype)])
        return edit.replaces([node], {node.outputs[0]: made})
