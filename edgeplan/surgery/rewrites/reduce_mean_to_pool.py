"""A mean over the whole picture becomes a global average pool.

Before:
    y = ReduceMean(x, axes=[2, 3], keepdims=0)     # x: [N, C, H, W]
After:
    y = Reshape(GlobalAveragePool(x), [N, C])

Both add the same numbers up and divide by how many they are. Without `keepdims` the axes of size 1 that the pool
keeps are taken away by a Reshape. Not done for means over other axes, or over tensors of fewer than four axes.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.axes import axes_reduced
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import FLOATS, attribute, dims
from edgeplan.surgery.reshaping import can_reshape
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import reshaped

__all__ = ["ReduceMeanToPool"]


class ReduceMeanToPool(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "reduce-mean-to-pool"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FUSE
    roots: ClassVar[frozenset[str]] = frozenset({"ReduceMean"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a ReduceMean over all axes but the first two."""
        data = node.inputs[0]
        shape = dims(data)
        if data is None or shape is None or len(shape) < 4 or data.dtype not in FLOATS:
            return None
        if axes_reduced(node) != tuple(range(2, len(shape))):
            return None
        keeps = attribute(node, "keepdims", 1) != 0
        if not keeps and not can_reshape(shape[:2]):
            return NearMiss("neither the batch nor the channels have a known size")
        edit = Edit()
        pooled = edit.op("GlobalAveragePool", [data])
        edit.typed(pooled, like=data, shape=[*shape[:2], *(1 for _ in shape[2:])])
        if not keeps:
            pooled = reshaped(edit, pooled, shape[:2])
        return edit.replaces([node], {node.outputs[0]: pooled})
