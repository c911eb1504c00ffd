"""MeanVarianceNormalization becomes the plain ops it stands for.

Before:
    y = MeanVarianceNormalization(x, axes)
After:
    d = Sub(x, ReduceMean(x, axes))
    y = Div(d, Add(Sqrt(ReduceMean(Mul(d, d), axes)), 1e-9))

The definition takes the variance as the mean of the squares less the square of the mean, which is the same number and
rounds worse. Runtimes without the op have its parts. Not done in half precision, where 1e-9 is 0.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import dims, ints
from edgeplan.surgery.normalization import narrow
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import reduced

__all__ = ["SplitMvn"]


class SplitMvn(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-mvn"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"MeanVarianceNormalization"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a MeanVarianceNormalization of a known rank."""
        source = node.inputs[0]
        shape = dims(source)
        if source is None or not shape:
            return NearMiss("the rank of its input is not known")
        if (miss := narrow(source)) is not None:
            return miss
        named = ints(node, "axes", (0, 2, 3)) or ()
        if any(not -len(shape) <= a < len(shape) for a in named):
            return NearMiss(f"it has {len(shape)} axes, and is to go over axis {max(named)}")
        axes = sorted(a % len(shape) for a in named)
        edit = Edit()
        mean = reduced(edit, context.opset, "ReduceMean", source, axes)
        centred = edit.typed(edit.op("Sub", [source, mean]), source, shape)
        squares = edit.typed(edit.op("Mul", [centred, centred]), source, shape)
        variance = reduced(edit, context.opset, "ReduceMean", squares, axes)
        root = edit.typed(edit.op("Sqrt", [variance]), source, dims(variance))
        raised = edit.typed(edit.op("Add", [root, edit.constant(1e-9, source.dtype)]), source, dims(variance))
        return edit.replaces([node], {node.outputs[0]: edit.typed(edit.op("Div", [centred, raised]), source, shape)})
