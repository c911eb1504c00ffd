"""A nearest resize by whole numbers says so in the one form that every runtime knows.

Before:
    y = Resize(x, sizes=[1, 16, 40, 40], mode="nearest")        # half_pixel, round_prefer_floor; x: [1, 16, 20, 20]
After:
    y = Resize(x, scales=[1, 1, 2, 2], mode="nearest",
               coordinate_transformation_mode="asymmetric", nearest_mode="floor")

Each element is repeated so many times; most pairs of a coordinate mode and a rounding come to the same elements then,
which is looked at position by position. Not done where one of them differs, or the factor is no whole number.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.resizing import factors, is_plain, mode_of, repeats
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["ResizePlainNearest"]


class ResizePlainNearest(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "resize-plain-nearest"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Resize"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Resize that enlarges and does not say plainly that it repeats."""
        by_sizes = len(node.inputs) > 3 and node.inputs[3] is not None
        if mode_of(node) != "nearest" or context.opset < 11:
            return None
        if is_plain(node, context.opset) and not by_sizes and "axes" not in node.attributes:
            return None
        by = factors(node, context.opset)
        if isinstance(by, str):
            return NearMiss(by)
        if not repeats(node, context.opset, by):
            return NearMiss("some positions are nearer to another element than the one that is repeated there")
        edit = Edit()
        scales = edit.constant([float(f) for f in by], ir.DataType.FLOAT, name="scales")
        roi = edit.constant([], ir.DataType.FLOAT, name="roi") if context.opset < 13 else None
        given = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        made = edit.op("Resize", [node.inputs[0], roi, scales], given)
        return edit.replaces([node], {node.outputs[0]: made})
