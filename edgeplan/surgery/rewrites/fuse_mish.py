"""A Mish taken apart becomes the Mish op.

Before:
    y = x * Tanh(Softplus(x))           # in either order
After:
    y = Mish(x)

The op is defined as this formula. Not done where something else reads the Softplus or the Tanh. Mish came with
opset 18.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import untold
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import made_by, only_reader
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["FuseMish"]


class FuseMish(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "fuse-mish"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FUSE
    roots: ClassVar[frozenset[str]] = frozenset({"Mul"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the product that ends a Mish."""
        for x, gate in (node.inputs, node.inputs[::-1]):
            tanh = made_by(gate, "Tanh")
            soft = made_by(tanh.inputs[0], "Softplus") if tanh is not None else None
            if tanh is None or soft is None or soft.inputs[0] is not x or x is None:
                continue
            if only_reader(tanh.outputs[0]) is not node or only_reader(soft.outputs[0]) is not tanh:
                return NearMiss("something else reads a value in between")
            if context.opset < 18:
                return NearMiss(f"the model's opset is {context.opset}, Mish came with 18")
            edit = Edit()
            return untold(x) or edit.replaces([soft, tanh, node], {node.outputs[0]: edit.op("Mish", [x])})
        return None
