"""A PRelu becomes a Relu and the slope times what the Relu cut off.

Before:
    y = PRelu(x, slope)
After:
    r = Relu(x)
    y = r + slope * (x - r)

Where x is positive, x - r is 0 and r is x; where it is negative, r is 0 and the slope is all there is. The slope may
have any shape that PRelu takes, and may be computed by the model, which many runtimes do not allow of their own op.
Only an infinite x makes a difference (infinity minus infinity). Not done for integers, which old Relus do not take.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import untold
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import dims
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["PReluToRelu"]


class PReluToRelu(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "prelu-to-relu"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"PRelu"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on every PRelu of floats."""
        x, slope = node.inputs
        unfit = untold(x)
        if unfit is not None or x is None or slope is None:
            return unfit
        if context.opset < 7:
            return NearMiss(f"the model's opset is {context.opset}, and sizes are stretched as here from 7 on")
        if dims(x) is None or dims(slope) is None:
            return NearMiss("the shape of its input or slope is not known")
        edit = Edit()
        above = edit.typed(edit.op("Relu", [x]), like=x, shape=dims(x))
        below = edit.op("Mul", [edit.op("Sub", [x, above]), slope])
        return edit.replaces([node], {node.outputs[0]: edit.op("Add", [above, below])})
