"""An average pool becomes a convolution of each channel with equal weights.

Before:
    y = AveragePool(x, kernel_shape=[2, 2], strides=[2, 2])          # x: [N, C, H, W]
After:
    y = Conv(x, w, strides=[2, 2], group=C)                          # w: [C, 1, 2, 2], all 1/4

A mean is a sum of products with one over the number of elements. Units that multiply matrices do it as they do other
convolutions. Not done where padding is left out of the average (see `average-pool-padding`), where sizes are rounded
up, where the channels are not known, or for windows of more than 1,024 elements.
"""

from __future__ import annotations

from math import prod
from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import FLOATS, attribute, dims
from edgeplan.surgery.pooling import pool
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["AveragePoolToConv"]

_WINDOW = 1024


class AveragePoolToConv(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "average-pool-to-conv"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"AveragePool"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on an AveragePool whose windows all count the same number of elements."""
        found, data, shape = pool(node), node.inputs[0], dims(node.inputs[0])
        if isinstance(found, str):
            return NearMiss(found)
        if data is None or shape is None or data.dtype not in FLOATS:
            return None
        channels, window = shape[1], prod(found.kernel)
        if not isinstance(channels, int):
            return NearMiss("the channels are not known")
        if any(found.pads) and not attribute(node, "count_include_pad", 0):
            return NearMiss("padding is left out of the average")
        if found.beyond is None or any(found.beyond):
            return NearMiss("the last windows reach past the padding, or may do so")
        if window > _WINDOW:
            return NearMiss(f"the window has more than {_WINDOW} elements")
        edit = Edit()
        weight = edit.constant(np.full((channels, 1, *found.kernel), 1 / window), data.dtype, name="mean")
        given = {"kernel_shape": list(found.kernel), "strides": list(found.strides), "pads": found.pads}
        made = edit.op("Conv", [data, weight], {**given, "group": channels})
        return edit.replaces([node], {node.outputs[0]: made})
