"""A HardSwish op becomes a Clip between a sum and two products.

Before:
    y = HardSwish(x)
After:
    y = x * (Clip(x + 3, 0, 6) * 0.16666667)

This is the op's definition. The gate is scaled before it meets x, so nothing grows larger than x itself, in float16
neither. The constant is a factor because NVIDIA's DLA does not divide on every chip, and the spelling is one that
runtimes do not make a hard swish of again. Not done where the type of x is not known.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import untold
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SplitHardSwish"]


class SplitHardSwish(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-hardswish"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"HardSwish"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on every HardSwish."""
        x = node.inputs[0]
        unfit = untold(x)
        if unfit is not None or x is None:
            return unfit
        edit = Edit()
        shifted = edit.op("Add", [x, edit.constant(3.0, dtype=x.dtype, name="hardswish_three")])
        ends = [edit.constant(v, dtype=x.dtype, name=f"hardswish_{n}") for v, n in ((0.0, "zero"), (6.0, "six"))]
        gate = edit.op("Mul", [edit.op("Clip", [shifted, *ends]), edit.constant(1 / 6, dtype=x.dtype, name="sixth")])
        return edit.replaces([node], {node.outputs[0]: edit.op("Mul", [x, gate])})
