"""ReduceL1, ReduceL2, ReduceSumSquare and ReduceLogSum become ReduceSum with an elementwise op.

Before:
    a = ReduceL1(x, axes)
    b = ReduceL2(x, axes)
    c = ReduceSumSquare(x, axes)
    d = ReduceLogSum(x, axes)
After:
    a = ReduceSum(Abs(x), axes)
    b = Sqrt(ReduceSum(Mul(x, x), axes))
    c = ReduceSum(Mul(x, x), axes)
    d = Log(ReduceSum(x, axes))

The ops are defined so. Runtimes that lack the rare reductions have the sum. Not done for integers, in half precision,
where squares may overflow, or where the axes or the rank are not known.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.axes import axes_reduced
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import attribute, dims
from edgeplan.surgery.normalization import narrow
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import reduced

__all__ = ["SplitReduction"]


class SplitReduction(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-reduction"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceSumSquare"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on one of the four over known axes of floats."""
        source = node.inputs[0]
        axes = axes_reduced(node)
        if source is None or not axes:
            return NearMiss("its axes are not known")
        if (miss := narrow(source)) is not None:
            return miss
        if source.dtype is None or not source.dtype.is_floating_point():
            return NearMiss("it is of integers")
        edit = Edit()
        parts = source
        if node.op_type != "ReduceLogSum":
            squares = node.op_type != "ReduceL1"
            parts = edit.op("Mul", [source, source]) if squares else edit.op("Abs", [source])
            edit.typed(parts, source, dims(source))
        made = reduced(edit, context.opset, "ReduceSum", parts, axes, bool(attribute(node, "keepdims", 1)))
        last = {"ReduceL2": "Sqrt", "ReduceLogSum": "Log"}.get(node.op_type)
        return edit.replaces([node], {node.outputs[0]: edit.op(last, [made]) if last else made})
