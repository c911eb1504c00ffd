"""What is known before the model runs becomes a constant.

Before:
    s = Shape(x)                            # x is [1, 64, 8, 8]
    c = Gather(s, 1)
    t = Concat(Unsqueeze(c), [1, -1])
    y = Reshape(x, t)
    v = Transpose(w)                        # w is a weight
After:
    y = Reshape(x, [64, 1, -1])
    v = w transposed beforehand

Sizes, axes and indices computed from fixed shapes come out the same in every run, and a weight that is only turned,
reshaped or cast can be stored that way. Ops that lead to nothing else go with them. Not done for a model's outputs, and
not for a weight that others read as it is: it would be stored twice.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import is_constant, is_output, known, only_reader, readers, sizes
from edgeplan.surgery.reshaping import VIEWS
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.transposing import order_of

__all__ = ["FoldConstants"]

_COMPUTED = frozenset(
    ("Abs", "Add", "And", "Cast", "Ceil", "Concat", "ConstantOfShape", "Div", "Equal", "Expand", "Flatten", "Floor")
    + ("Gather", "Greater", "GreaterOrEqual", "Identity", "Less", "LessOrEqual", "Max", "Min", "Mod", "Mul", "Neg")
    + ("Not", "Or", "Range", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSum", "Reshape", "Shape", "Size", "Slice")
    + ("Split", "Sqrt", "Squeeze", "Sub", "Tile", "Transpose", "Unsqueeze", "Where")
)


class FoldConstants(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "fold-constants"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = _COMPUTED

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the last op that gives known contents, or on one that moves a weight."""
        out = node.outputs[0]
        if len(node.outputs) != 1 or is_output(out) or not out.uses() or out.dtype is None:
            return None
        contents = known(out)
        if contents is None or contents.dtype.kind not in "iub":
            return _moved(node, out)
        if all(_is_known(reader) for reader in readers(out)):
            return None
        edit = Edit()
        return edit.replaces([node], {out: edit.constant(contents, out.dtype)})


def _is_known(node: ir.Node) -> bool:
    """Whether all a node gives is known, so that it is folded as a whole."""
    return node.op_type in _COMPUTED and all(known(o) is not None and not is_output(o) for o in node.outputs)


def _moved(node: ir.Node, out: ir.Value) -> Replacement | NearMiss | None:
    """A weight turned or given another shape."""
    weight, shape = node.inputs[0] if node.inputs else None, sizes(out)
    if node.op_type not in ("Transpose", *VIEWS) or weight is None or shape is None or not is_constant(weight):
        return None
    if weight.dtype is None or weight.dtype.itemsize < 1 or weight.dtype == ir.DataType.STRING:
        return None
    if only_reader(weight) is not node:
        return NearMiss("something else reads the weight as it is, and it would be stored twice")
    edit = Edit()
    if node.op_type == "Transpose":
        order = order_of(node)
        made = edit.folded(lambda a: np.transpose(a, order), weight, shape=shape)
    else:
        made = edit.folded(lambda a: np.reshape(a, shape), weight, shape=shape)
    return edit.replaces([node], {out: made})
