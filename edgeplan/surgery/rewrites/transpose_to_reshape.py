"""A Transpose that only moves axes of size 1 becomes a Reshape.

Before:
    y = Transpose(x, perm=[0, 2, 3, 1])     # x is [N, 1, H, W]
After:
    y = Reshape(x, [0, H, W, 1])

Where the other axes keep their order, every element stays where it is in memory, and only the shape changes. Not done
where a Reshape could not say the new shape: with several sizes that are not known before the model runs.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import dims
from edgeplan.surgery.reshaping import target
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.transposing import moves_nothing, order_of

__all__ = ["TransposeToReshape"]


class TransposeToReshape(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "transpose-to-reshape"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset({"Transpose"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Transpose that leaves all elements in their order."""
        order, data = order_of(node), node.inputs[0]
        shape = dims(data)
        if order is None or data is None or shape is None or len(shape) != len(order):
            return None
        if order == tuple(range(len(order))) or not moves_nothing(order, shape):
            return None
        turned = [shape[axis] for axis in order]
        sizes = target(shape, turned)
        if sizes is None:
            return NearMiss("a Reshape cannot say the shape: several of its sizes are not known")
        edit = Edit()
        made = edit.op("Reshape", [data, edit.constant(sizes, ir.DataType.INT64, name="shape")])
        return edit.replaces([node], {node.outputs[0]: edit.typed(made, like=data, shape=turned)})
