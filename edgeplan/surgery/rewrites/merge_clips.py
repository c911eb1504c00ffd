"""A Clip or Relu behind another one becomes a single one.

Before:
    p = Relu(x)
    y = Clip(p, -1, 6)
After:
    y = Clip(x, 0, 6)

Each keeps a number between two bounds; the second moves the bounds of the first to where it would move any number.
Chains of any length end as one op, which is a Relu where nothing but the bound 0 below is left. Not done where a bound
is computed by the model, where a lower bound lies above the upper one, or where others read what is between.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.clipping import bounds_of, clipped
from edgeplan.surgery.looking import made_by, only_reader
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["MergeClips"]


class MergeClips(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "merge-clips"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset({"Clip", "Relu"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Clip or Relu of what another one gives."""
        inner = made_by(node.inputs[0], "Clip", "Relu")
        source = inner.inputs[0] if inner is not None else None
        if inner is None or source is None:
            return None
        if only_reader(inner.outputs[0]) is not node:
            return NearMiss("something else reads what the first one gives")
        if context.opset < 6 or source.dtype is None:
            return NearMiss("the type of what is clipped is not known")
        first, second = bounds_of(inner, context.opset), bounds_of(node, context.opset)
        if first is None or second is None:
            return NearMiss("the bounds are not constants")
        if first[0] > first[1] or second[0] > second[1]:
            return NearMiss("a lower bound lies above the upper one")
        low, high = (min(max(bound, second[0]), second[1]) for bound in first)
        edit = Edit()
        made = clipped(edit, context.opset, source, low, high)
        if made is source:
            return NearMiss("neither has a bound")
        return edit.replaces([inner, node], {node.outputs[0]: made})
