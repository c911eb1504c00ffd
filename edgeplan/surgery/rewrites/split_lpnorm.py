"""LpNormalization becomes the root of a sum of squares, and a division.

Before:
    y = LpNormalization(x, axis, p=2)           # or p=1
After:
    n = Sqrt(ReduceSum(Mul(x, x), axis))        # or ReduceSum(Abs(x), axis)
    y = Div(x, Max(n, tiny))                    # tiny: the smallest normal number

The op is defined as this quotient. A vector of zeros stays one, which the bare quotient would make not-a-number.
Runtimes without the op, or with p=2 alone, have its parts. Not done in half precision, where squares may overflow.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import attribute, dims
from edgeplan.surgery.normalization import narrow
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import reduced

__all__ = ["SplitLpNorm"]


class SplitLpNorm(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-lpnorm"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"LpNormalization"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on an LpNormalization of a known rank."""
        source = node.inputs[0]
        shape = dims(source)
        if source is None or not shape:
            return NearMiss("the rank of its input is not known")
        if (miss := narrow(source)) is not None:
            return miss
        axis = attribute(node, "axis", -1) % len(shape)
        edit, squares = Edit(), attribute(node, "p", 2) == 2
        parts = edit.op("Mul", [source, source]) if squares else edit.op("Abs", [source])
        norm = reduced(edit, context.opset, "ReduceSum", edit.typed(parts, source, shape), [axis])
        if squares:
            norm = edit.typed(edit.op("Sqrt", [norm]), source, dims(norm))
        tiny = edit.constant(float(np.finfo(np.float32).tiny), source.dtype, "tiny")
        above = edit.typed(edit.op("Max", [norm, tiny]), source, dims(norm))
        return edit.replaces([node], {node.outputs[0]: edit.typed(edit.op("Div", [source, above]), source, shape)})
