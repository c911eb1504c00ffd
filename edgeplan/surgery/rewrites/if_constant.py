"""An If whose condition is known before the model runs becomes the branch it takes.

Before:
    y = If(c, then_branch = {t = Relu(x)}, else_branch = {e = Neg(x)})      # c is known to be true
After:
    y = Relu(x)

The other branch never runs, so its ops and weights go with the If. A condition is known when it is a constant, or
when shape inference finds it out: exporters write tests of ranks and sizes as conditions, and these are known once
the input's sizes are. Not done where the condition depends on the data or on a size that is still free: give those
a size, or an input a value, first.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.bodies import bring_weights, copy_in
from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attribute, scalar
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["IfConstant"]


class IfConstant(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "if-constant"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset({"If"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on an If whose condition is known."""
        holds = scalar(node.inputs[0])
        if holds is None:
            return NearMiss("the condition is not known before the model runs")
        branch = attribute(node, "then_branch" if holds else "else_branch")
        if branch is None or len(branch.outputs) != len(node.outputs):
            return NearMiss("the branch does not give as many results as the If")
        edit = Edit()
        made = copy_in(edit, branch, bring_weights(edit, branch))
        return edit.replaces([node], dict(zip(node.outputs, made, strict=True)))
