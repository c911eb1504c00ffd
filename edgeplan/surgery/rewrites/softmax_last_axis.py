"""A Softmax or LogSoftmax over another axis than the last one is taken over the last one, between two Transposes.

Before:
    y = Softmax(x, axis=1)              # x of four axes
After:
    h = Transpose(x, perm=[0, 3, 2, 1])
    s = Softmax(h, axis=3)
    y = Transpose(s, perm=[0, 3, 2, 1])

Each sum runs over the same elements; the Transpose changes two axes' places and is its own inverse. Some runtimes have
the op over the last axis alone.

Not done below opset 13, where Softmax runs over all axes from `axis` on, and where the rank is not known.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import attribute, attributes, dims
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import transposed

__all__ = ["SoftmaxLastAxis"]


class SoftmaxLastAxis(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "softmax-last-axis"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Softmax", "LogSoftmax"})
    undone_by: ClassVar[frozenset[str]] = frozenset({"push-transposes", "cancel-transposes"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a softmax over an inner axis."""
        axis = attribute(node, "axis", -1 if context.opset >= 13 else 1)
        data = node.inputs[0]
        axes = dims(data)
        if data is None or axes is None:
            return None if axis == -1 else NearMiss("the rank of its input is not known")
        rank = len(axes)
        axis = axis + rank if axis < 0 else axis
        if axis == rank - 1 or rank < 2:
            return None
        if context.opset < 13:
            return NearMiss("before opset 13 it runs over all axes from its axis on")
        order = list(range(rank))
        order[axis], order[-1] = order[-1], order[axis]
        edit = Edit()
        turned = transposed(edit, data, order)
        made = edit.op(node.op_type, [turned], {**attributes(node, "axis"), "axis": rank - 1})
        edit.typed(made, like=data, shape=dims(turned))
        return edit.replaces([node], {node.outputs[0]: edit.op("Transpose", [made], {"perm": order})})
