"""A Selu or Celu becomes an Elu, scaled.

Before:
    y = Selu<alpha, gamma>(x)
    y = Celu<alpha>(x)
After:
    y = Elu<alpha>(x) * gamma
    y = Elu(x * (1 / alpha)) * alpha

Selu is gamma times Elu by definition. Celu divides by alpha in the power alone, which is the same as dividing its input
and multiplying the result; with alpha = 1 it is Elu. Not done for a Celu whose alpha is not positive: then its two
sides change places.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import untold
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import floats
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SeluToElu"]


class SeluToElu(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "selu-to-elu"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Selu", "Celu"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on every Selu and Celu."""
        x = node.inputs[0]
        unfit = untold(x)
        if unfit is not None or x is None:
            return unfit
        alpha = floats(node, "alpha", 1.67326319217681884765625 if node.op_type == "Selu" else 1.0)
        if node.op_type == "Celu" and alpha <= 0:
            return NearMiss(f"alpha is {alpha:g}, not positive")
        edit = Edit()
        if node.op_type == "Selu":
            made = _scaled(edit, _elu(edit, x, alpha), floats(node, "gamma", 1.05070102214813232421875))
        else:
            made = _scaled(edit, _elu(edit, _scaled(edit, x, 1 / alpha), 1.0), alpha)
        return edit.replaces([node], {node.outputs[0]: made})


def _elu(edit: Edit, x: ir.Value, alpha: float) -> ir.Value:
    return edit.typed(edit.op("Elu", [x], {"alpha": alpha}), like=x)


def _scaled(edit: Edit, x: ir.Value, scale: float) -> ir.Value:
    if scale == 1:
        return x
    return edit.typed(edit.op("Mul", [x, edit.constant(scale, dtype=x.dtype, name="elu_scale")]), like=x)
