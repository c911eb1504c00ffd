"""Abs becomes the larger of a value and its negative.

Before:
    y = Abs(x)
After:
    y = Max(x, Mul(x, -1))

|x| = max(x, -x). Runtimes that lack Abs have Max and Mul. Not done for integers, of which the smallest has no negative.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import untold
from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import dims
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["AbsToMax"]


class AbsToMax(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "abs-to-max"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Abs"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the Abs of floats."""
        source = node.inputs[0]
        unfit = untold(source)
        if unfit is not None or source is None:
            return unfit
        edit = Edit()
        turned = edit.typed(edit.op("Mul", [source, edit.constant(-1.0, source.dtype)]), source, dims(source))
        return edit.replaces([node], {node.outputs[0]: edit.op("Max", [source, turned])})
