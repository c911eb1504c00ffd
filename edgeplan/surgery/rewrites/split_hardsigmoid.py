"""A HardSigmoid op becomes a Clip that starts at zero, scaled behind it.

Before:
    y = HardSigmoid<alpha, beta>(x)                 # max(0, min(1, alpha * x + beta))
After:
    y = Clip(x + beta / alpha, 0, 1 / alpha) * alpha

A positive factor may be drawn out of max and min. With alpha = 1/6 and beta = 1/2 this is Clip(x + 3, 0, 6) / 6, whose
Clip is the ReLU6 every runtime has, while LiteRT's converter makes a clamp to 0 and 1 of HardSigmoid, which few of its
accelerators take. Not done where alpha is not positive: then the bounds change sides; nor where it is so small that x
would be rounded away beside the constants.
"""

from __future__ import annotations

from typing import Any, ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import untold
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import floats
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SplitHardSigmoid"]

_LARGEST = 100.0
"""What a bound may be: float16 keeps one digit behind the point there."""


class SplitHardSigmoid(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-hardsigmoid"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"HardSigmoid"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on every HardSigmoid that rises."""
        x = node.inputs[0]
        unfit = untold(x)
        if unfit is not None or x is None:
            return unfit
        alpha, beta = floats(node, "alpha", 0.2), floats(node, "beta", 0.5)
        if alpha <= 0:
            return NearMiss(f"alpha is {alpha:g}, not positive")
        if max(1.0, abs(beta)) / alpha > _LARGEST:
            return NearMiss(f"alpha is {alpha:g}: the bounds would be larger than {_LARGEST:g}")
        offset, top = _even(beta / alpha), _even(1 / alpha)
        edit = Edit()
        shifted = edit.typed(
            edit.op("Add", [x, edit.constant(offset, dtype=x.dtype, name="hardsigmoid_offset")]), like=x
        )
        attrs: dict[str, Any] = {"min": 0.0, "max": top} if context.opset < 11 else {}
        ends = [] if attrs else [edit.constant(v, dtype=x.dtype, name="hardsigmoid_end") for v in (0.0, top)]
        cut = edit.typed(edit.op("Clip", [shifted, *ends], attrs), like=x)
        made = edit.op("Mul", [cut, edit.constant(alpha, dtype=x.dtype, name="hardsigmoid_slope")])
        return edit.replaces([node], {node.outputs[0]: made})


def _even(value: float) -> float:
    """A quotient of float32 numbers, as the whole number it was meant to be where it is all but one."""
    return float(round(value)) if abs(value - round(value)) < 1e-6 * abs(value) else value
