"""An Elu becomes what it stands for, with a power that cannot overflow.

Before:
    y = Elu<alpha>(x)
After:
    y = Relu(x) + (Exp(x - Relu(x)) - 1) * alpha

x - Relu(x) is the smaller of x and 0: where x is positive the second term is 0, where it is negative the first. Not
done where the type of x is not known.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import untold
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import floats
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SplitElu"]


class SplitElu(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-elu"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Elu"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on every Elu."""
        x = node.inputs[0]
        unfit = untold(x)
        if unfit is not None or x is None:
            return unfit
        alpha = floats(node, "alpha", 1.0)
        edit = Edit()
        above = edit.op("Relu", [x])
        power = edit.op("Exp", [edit.op("Sub", [x, above])])
        below = edit.op("Sub", [power, edit.constant(1.0, dtype=x.dtype, name="elu_one")])
        if alpha != 1:
            below = edit.op("Mul", [below, edit.constant(alpha, dtype=x.dtype, name="elu_alpha")])
        return edit.replaces([node], {node.outputs[0]: edit.op("Add", [above, below])})
