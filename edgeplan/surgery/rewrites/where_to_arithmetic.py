"""A Where between finite values becomes products by its condition as a number.

Before:
    y = Where(c, a, b)
After:
    m = Cast(c)                         # 1 where the condition holds, 0 elsewhere
    y = Add(Mul(m, a), Mul(Sub(1, m), b))

One of the two products is 0 and the other is the value itself, as long as both values are finite: 0 times infinity is
not a number. A value that is 0 leaves its product out.

Not done where a or b may be infinite or not a number: both have to be finite constants, or what an op of bounded
results makes (Sigmoid, Tanh, Softmax, Erf, a Clip with both bounds, and the like). Nor for integers.
"""

from __future__ import annotations

from math import inf
from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.clipping import bounds_of
from edgeplan.surgery.looking import FLOATS, dims, is_constant, known
from edgeplan.surgery.reshaping import MOVES
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["WhereToArithmetic"]

_BOUNDED = ("Sigmoid", "HardSigmoid", "Tanh", "Softmax", "Softsign", "Erf", "Sin", "Cos", "Sign", "Atan")

_KEEPS = (*MOVES, "Expand", "Slice", "Relu", "Abs", "Neg")


class WhereToArithmetic(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "where-to-arithmetic"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Where"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Where of floating-point values that are surely finite."""
        condition, a, b = node.inputs[:3]
        if condition is None or a is None or b is None:
            return None
        if a.dtype not in FLOATS or a.dtype is None:
            return None if a.dtype is not None else NearMiss("the type of its values is not known")
        for value in (a, b):
            why = _why_not_finite(value, context.opset)
            if why is not None:
                return NearMiss(why)
        first = _leaves_out(a, condition, b)
        second = not first and _leaves_out(b, condition, a)
        edit = Edit()
        mask = edit.typed(edit.op("Cast", [condition], {"to": a.dtype.value}), like=a, shape=dims(condition))
        parts = [] if first else [edit.typed(edit.op("Mul", [mask, a]), like=a)]
        if not second:
            rest = edit.op("Sub", [edit.constant(1.0, a.dtype), mask])
            edit.typed(rest, like=a, shape=dims(condition))
            parts.append(edit.typed(edit.op("Mul", [rest, b]), like=a))
        made = parts[0] if len(parts) == 1 else edit.op("Add", parts)
        return edit.replaces([node], {node.outputs[0]: made})


def _why_not_finite(value: ir.Value, opset: int) -> str | None:
    """Why a value is not known to be finite everywhere."""
    if is_constant(value):
        found = known(value)
        if found is None:
            return "a constant is too large to look whether it is finite"
        return (
            None
            if np.isfinite(found.astype(np.float64)).all()
            else "a value is infinite, and 0 times that is no number"
        )
    maker = value.producer()
    for _ in range(8):
        if maker is None or maker.domain != "":
            break
        if maker.op_type in _BOUNDED:
            return None
        if maker.op_type == "Clip" and np.isfinite(bounds_of(maker, opset) or (inf,)).all():
            return None
        if maker.op_type not in _KEEPS or maker.inputs[0] is None:
            break
        if is_constant(maker.inputs[0]):
            return _why_not_finite(maker.inputs[0], opset)
        maker = maker.inputs[0].producer()
    return f"{value.name} may be infinite, and 0 times that is no number"


def _leaves_out(value: ir.Value, *others: ir.Value) -> bool:
    """Whether a value is a constant 0 that has no part in the result's shape."""
    found = known(value) if is_constant(value) else None
    if found is None or found.any():
        return False
    return found.size == 1 and any(found.ndim <= len(axes) for v in others if (axes := dims(v)) is not None)
