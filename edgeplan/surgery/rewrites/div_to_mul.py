"""A division by a constant becomes a product with its reciprocal.

Before:
    y = Div(x, 8)
After:
    y = Mul(x, 0.125)

Division is the slowest of the simple operations, and some devices have none. By a power of two the result keeps every
bit; by another number it may round otherwise in the last one. Not done for integers, which are cut off in a division,
and where a reciprocal is too large or too small for the type to hold in full, as that of 60000 is in float16.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import dims, is_constant, known, sizes
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["DivToMul"]


class DivToMul(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "div-to-mul"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FUSE
    roots: ClassVar[frozenset[str]] = frozenset({"Div"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Div by a constant."""
        above, below = node.inputs
        if above is None or below is None or is_constant(above) or context.opset < 7:
            return None
        if not is_constant(below):
            return None
        if below.dtype is None or not below.dtype.is_floating_point():
            return None
        shape, divisor = sizes(below), known(below)
        if shape is None or divisor is None:
            return NearMiss("the divisor is too large to be looked into")
        if not _has_reciprocal(divisor, below.dtype):
            return NearMiss("a reciprocal is more or less than its type can hold in full")
        edit = Edit()
        made = edit.op("Mul", [above, edit.folded(_reciprocal, below, shape=shape)])
        edit.typed(made, like=above, shape=dims(node.outputs[0]))
        return edit.replaces([node], {node.outputs[0]: made})


def _has_reciprocal(divisor: Array, dtype: ir.DataType) -> bool:
    """Whether all reciprocals are normal numbers of the type."""
    size = np.abs(np.asarray(divisor, dtype=np.float64))
    kind = ir.DataType.FLOAT if dtype == ir.DataType.BFLOAT16 else dtype
    limits = np.finfo(kind.numpy())
    return bool(np.all(size > 0) and np.all(1 / size <= float(limits.max)) and np.all(1 / size >= float(limits.tiny)))


def _reciprocal(divisor: Array) -> Array:
    return np.asarray(1 / divisor)
