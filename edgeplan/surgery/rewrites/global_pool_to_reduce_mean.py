"""A global pool becomes a reduction over the axes of the picture.

Before:
    y = GlobalAveragePool(x)                       # x: [N, C, H, W]
After:
    y = ReduceMean(x, axes=[2, 3], keepdims=1)

GlobalMaxPool becomes ReduceMax. Both run over the same numbers. It is the way back of `reduce-mean-to-pool`, for
runtimes that take a reduction of any rank and type and pool over two axes only. Not done where the rank is not known.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import dims
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import reduced

__all__ = ["GlobalPoolToReduceMean"]

_REDUCTIONS = {"GlobalAveragePool": "ReduceMean", "GlobalMaxPool": "ReduceMax"}


class GlobalPoolToReduceMean(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "global-pool-to-reduce-mean"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset(_REDUCTIONS)

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on every global pool over an input of known rank."""
        data, shape = node.inputs[0], dims(node.inputs[0])
        if data is None or shape is None or len(shape) < 3:
            return NearMiss("the number of axes is not known")
        edit = Edit()
        made = reduced(edit, context.opset, _REDUCTIONS[node.op_type], data, range(2, len(shape)))
        return edit.replaces([node], {node.outputs[0]: made})
