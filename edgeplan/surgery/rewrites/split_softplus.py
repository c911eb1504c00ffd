"""A Softplus op becomes a Relu and the logarithm of one plus a power that cannot overflow.

Before:
    y = Softplus(x)                     # log(1 + exp(x))
After:
    y = Relu(x) + Log(1 + Exp(Abs(x) * -1))

Drawing exp(x) out of the logarithm where x is positive gives x + log(1 + exp(-x)); where it is not, nothing changes.
So the power lies between 0 and 1, in float16 too, where exp(x) itself overflows from x = 12 on. Not done where the
type of x is not known.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import untold
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import dims
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SplitSoftplus"]


class SplitSoftplus(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-softplus"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Softplus"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on every Softplus."""
        x = node.inputs[0]
        unfit = untold(x)
        if unfit is not None or x is None:
            return unfit
        edit = Edit()
        size = edit.typed(edit.op("Abs", [x]), like=x, shape=dims(x))
        below = edit.op("Mul", [size, edit.constant(-1.0, dtype=x.dtype, name="softplus_minus")])
        total = edit.op("Add", [edit.op("Exp", [below]), edit.constant(1.0, dtype=x.dtype, name="softplus_one")])
        made = edit.op("Add", [edit.op("Relu", [x]), edit.op("Log", [total])])
        return edit.replaces([node], {node.outputs[0]: made})
