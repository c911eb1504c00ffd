"""A Mish op becomes its input times the Tanh of a Softplus.

Before:
    y = Mish(x)
After:
    y = x * Tanh(Softplus(x))

This is the op's definition. Mish came with opset 18, and runtimes older than that have its parts alone; for those that
refuse Softplus as well, `split-softplus` goes on from here. Not done where the type of x is not known.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import untold
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import dims
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SplitMish"]


class SplitMish(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-mish"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Mish"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on every Mish."""
        x = node.inputs[0]
        unfit = untold(x)
        if unfit is not None or x is None:
            return unfit
        edit = Edit()
        soft = edit.typed(edit.op("Softplus", [x]), like=x, shape=dims(x))
        gate = edit.typed(edit.op("Tanh", [soft]), like=x, shape=dims(x))
        return edit.replaces([node], {node.outputs[0]: edit.op("Mul", [x, gate])})
