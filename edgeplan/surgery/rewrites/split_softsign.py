"""A Softsign op becomes the quotient it stands for.

Before:
    y = Softsign(x)
After:
    y = x / (Abs(x) + 1)

This is the op's definition, and its parts are taken where the op is not. Not done where the type of x is not known.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import untold
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import dims
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SplitSoftsign"]


class SplitSoftsign(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-softsign"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Softsign"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on every Softsign."""
        x = node.inputs[0]
        unfit = untold(x)
        if unfit is not None or x is None:
            return unfit
        edit = Edit()
        size = edit.typed(edit.op("Abs", [x]), like=x, shape=dims(x))
        total = edit.op("Add", [size, edit.constant(1.0, dtype=x.dtype, name="softsign_one")])
        return edit.replaces([node], {node.outputs[0]: edit.op("Div", [x, total])})
