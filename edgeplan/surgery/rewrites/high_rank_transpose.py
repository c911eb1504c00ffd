"""A transpose of five axes or more becomes one of fewer, where some of them stay neighbours.

Before:
    a = Reshape(x, [1, 8, 7, 8, 7, 96])
    b = Transpose(a, perm=[0, 1, 3, 2, 4, 5])
    y = Reshape(b, [64, 49, 96])
After:
    a = Reshape(x, [8, 7, 8, 672])
    b = Transpose(a, perm=[0, 2, 1, 3])
    y = Reshape(b, [64, 49, 96])

Axes that lie beside each other before and after the transpose are one axis of their product, and axes of size 1 are
none: the same bytes are copied to the same places. Reshapes in front and behind are taken in, so that no tensor of
high rank remains. Not done where more than one size is open, since a Reshape can leave one size open only, and where
no two axes stay together (see `transpose-in-steps`).
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import dims
from edgeplan.surgery.rewrite import Context, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.transposing import in_steps, merged_axes, order_of

__all__ = ["HighRankTranspose"]


class HighRankTranspose(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "high-rank-transpose"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Transpose"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Transpose of rank 5 and more of which fewer axes would do."""
        shape = dims(node.inputs[0])
        if shape is None or len(shape) < 5:
            return None
        order = order_of(node)
        if order is None:
            return None
        parts, kept = merged_axes(shape, order)
        if len(parts) == len(shape):
            return None
        return in_steps(node, order, parts, [kept] if len(kept) > 1 else [])
