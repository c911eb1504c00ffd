"""An average pool with padding becomes zeros around the tensor and a pool without padding.

Before:
    y = AveragePool(x, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
After:
    y = AveragePool(Pad(x, [0, 0, 1, 1, 0, 0, 1, 1]), kernel_shape=[3, 3])

Where padding does not count (count_include_pad=0, the default), the average over the whole window is too small at the
edges by a known factor: the result is multiplied by a constant picture of window size over elements counted. So it is
for windows that reach past the padding when sizes are rounded up. Not done where that picture cannot be known
because sizes are open, or where a window would count nothing.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import attribute
from edgeplan.surgery.pooling import Pool, pool
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import zero_padded

__all__ = ["AveragePoolPadding"]


class AveragePoolPadding(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "average-pool-padding"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    undone_by: ClassVar[frozenset[str]] = frozenset({"pad-into-pool"})
    roots: ClassVar[frozenset[str]] = frozenset({"AveragePool"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on an AveragePool that pads, or rounds its output size up."""
        found = pool(node)
        data = node.inputs[0]
        if isinstance(found, str):
            return NearMiss(found)
        if data is None or data.dtype is None or not (any(found.pads) or attribute(node, "ceil_mode", 0)):
            return None
        if found.beyond is None:
            return NearMiss("the sizes are not known")
        counts_all = bool(attribute(node, "count_include_pad", 0))
        picture = None
        if not counts_all or any(found.beyond):
            picture = _picture(found, counts_all)
            if picture is None:
                return NearMiss("the sizes are not known, or a window counts nothing")
        edit = Edit()
        behind = [q + e for q, e in zip(found.behind, found.beyond, strict=True)]
        padded = zero_padded(edit, context.opset, data, [0, 0, *found.before], [0, 0, *behind])
        given = {"kernel_shape": list(found.kernel), "strides": list(found.strides)}
        made = edit.op("AveragePool", [padded], given)
        if picture is not None:
            edit.typed(made, like=data)
            made = edit.op("Mul", [made, edit.constant(picture, data.dtype, name="window_over_counted")])
        return edit.replaces([node], {node.outputs[0]: made})


def _picture(found: Pool, counts_all: bool) -> NDArray[np.float64] | None:
    """By how much the average over whole windows has to grow, for each window: [1, 1, ...]."""
    if found.sizes is None or found.beyond is None:
        return None
    whole = np.ones((1, 1))
    for axis, size in enumerate(found.sizes):
        low, high = found.before[axis], found.behind[axis]
        length, window = low + size + high + found.beyond[axis], found.kernel[axis]
        counted = np.zeros(length)
        counted[0 if counts_all else low : low + size + (high if counts_all else 0)] = 1
        starts = range(0, length - window + 1, found.strides[axis])
        counts = np.array([counted[s : s + window].sum() for s in starts])
        if not counts.all():
            return None
        whole = whole[..., None] * (window / counts)
    return whole
