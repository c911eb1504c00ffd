"""A Gather of all elements in their order is a Reshape.

Before:
    y = Gather<axis=0>(x, [[0, 1, 2], [3, 4, 5]])       # x is [6, 8]
After:
    y = Reshape(x, [2, 3, 8])

Indices that run through a whole axis once, in order, look nothing up: only their shape counts. Masks that are computed
from positions are gathered like that. Not done where the indices are not known before the model runs, leave something
out or take it twice, or where several sizes of the result are free.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attribute, dims, is_constant, known
from edgeplan.surgery.reshaping import target
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["GatherInOrder"]


class GatherInOrder(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "gather-in-order"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset({"Gather"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Gather whose indices are 0, 1, 2 and so on to the end of the axis."""
        data, indices, out = node.inputs[0], known(node.inputs[1]), node.outputs[0]
        shape = dims(data)
        if context.opset < 5 or data is None or is_constant(data) or known(out) is not None:
            return None
        if indices is None or not indices.ndim or shape is None:
            return None
        axis = int(attribute(node, "axis", 0)) % len(shape)
        if indices.size != shape[axis] or not np.array_equal(indices.reshape(-1), np.arange(indices.size)):
            return None
        after = (*shape[:axis], *indices.shape, *shape[axis + 1 :])
        sizes = target(shape, after)
        if sizes is None:
            return NearMiss("the Gather takes all in order, but a Reshape cannot be told the sizes")
        edit = Edit()
        made = edit.op("Reshape", [data, edit.constant(sizes, ir.DataType.INT64, name="shape")])
        edit.typed(made, like=data, shape=after)
        return edit.replaces([node], {out: made})
