"""A power with a small constant exponent becomes a product, a square root or a reciprocal.

Before:
    y = Pow(x, 2)
After:
    y = Mul(x, x)           # 3: Mul(Mul(x, x), x)    0.5: Sqrt(x)    -1: Reciprocal(x)    -0.5: Reciprocal(Sqrt(x))

Pow works by logarithms on many devices, is slow or missing on others, and rounds worse than one product. Not done for
other exponents, for an exponent the model computes, and where the exponent's shape widens the result.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import dims, is_constant, scalar
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["PowToMul"]


class PowToMul(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "pow-to-mul"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FUSE
    roots: ClassVar[frozenset[str]] = frozenset({"Pow"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Pow with one of a few exponents."""
        base, exponent = node.inputs[0], scalar(node.inputs[1])
        if base is None or is_constant(base) or context.opset < 7:
            return None
        if exponent is None:
            return NearMiss("the exponent is not one known number")
        if exponent not in (2, 3, 0.5, -1, -0.5):
            return NearMiss(f"the exponent is {exponent:g}")
        if base.dtype is None or not (base.dtype.is_floating_point() or exponent in (2, 3)):
            return NearMiss("the base is no floating-point tensor")
        old, widened = dims(base), dims(node.inputs[1])
        if old is None or widened is None or len(widened) > len(old):
            return NearMiss("the exponent's rank may widen the result")
        edit = Edit()

        def op(kind: str, *values: ir.Value) -> ir.Value:
            return edit.typed(edit.op(kind, list(values)), like=base, shape=old)

        if exponent in (2, 3):
            made = op("Mul", base, base)
            made = op("Mul", made, base) if exponent == 3 else made
        else:
            made = base if exponent == -1 else op("Sqrt", base)
            made = made if exponent == 0.5 else op("Reciprocal", made)
        return edit.replaces([node], {node.outputs[0]: made})
