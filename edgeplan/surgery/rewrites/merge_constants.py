"""Two products with constants in a row, or two sums, become one.

Before:
    a = Mul(x, 0.5)
    y = Div(a, [2, 4, 8])
    b = Sub(z, 1)
    w = Add(b, 3)
After:
    y = Mul(x, [0.25, 0.125, 0.0625])
    w = Add(z, 2)

Factors multiply and summands add up beforehand. Not done where something else reads what is in between, where the
constants broadcast to more elements than the larger of them has, for whole numbers, whose division rounds, or for the
last factor of a GELU or a hard swish, which runtimes look for as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.activation import Spelled, gelu, hard_swish
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import FLOATS, dims, is_constant, only_reader, sizes
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["MergeConstants"]

_FAMILIES = {"Mul": "Mul", "Div": "Mul", "Add": "Add", "Sub": "Add"}


class MergeConstants(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "merge-constants"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FOLD
    roots: ClassVar[frozenset[str]] = frozenset(_FAMILIES)

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the second product or sum."""
        last = _parts(node, context)
        before = None if last is None else last[0].producer()
        if last is None or before is None or _FAMILIES.get(before.op_type) != _FAMILIES[node.op_type]:
            return None
        first = _parts(before, context)
        if first is None or before.graph is not node.graph or node.outputs[0].dtype not in FLOATS:
            return None
        if any(isinstance(found, Spelled) for n in (before, node) for found in (gelu(n), hard_swish(n, context.opset))):
            return None
        if only_reader(before.outputs[0]) is not node:
            return NearMiss("something else reads what is between the two")
        (data, one), (_, two) = first, last
        small, large = sizes(one), sizes(two)
        if small is None or large is None:
            return None
        shape = np.broadcast_shapes(small, large)
        if np.prod(shape) > max(np.prod(small), np.prod(large)):
            return NearMiss("the constants broadcast to more elements than the larger of them has")
        signs = before.op_type in ("Div", "Sub"), node.op_type in ("Div", "Sub")
        edit = Edit()
        made = edit.folded(_merged(_FAMILIES[node.op_type], *signs), one, two, shape=list(shape))
        out = edit.typed(
            edit.op(_FAMILIES[node.op_type], [data, made]), like=node.outputs[0], shape=dims(node.outputs[0])
        )
        return edit.replaces([before, node], {node.outputs[0]: out})


def _parts(node: ir.Node, context: Context) -> tuple[ir.Value, ir.Value] | None:
    """The data and the constant of a product or a sum; None where it is not of both, or takes the data away."""
    if node.op_type not in _FAMILIES or node.domain != "" or len(node.inputs) != 2 or context.opset < 7:
        return None
    left, right = node.inputs
    if left is None or right is None or is_constant(left) == is_constant(right):
        return None
    if is_constant(right):
        return left, right
    return (right, left) if node.op_type in ("Add", "Mul") else None


def _merged(family: str, first_turned: bool, second_turned: bool) -> Callable[[Array, Array], Array]:
    """How the constants become one; a turned one divides, or is taken away."""

    def product(one: Array, two: Array) -> Array:
        return np.asarray((1 / one if first_turned else one) * (1 / two if second_turned else two))

    def total(one: Array, two: Array) -> Array:
        return np.asarray((-one if first_turned else one) + (-two if second_turned else two))

    return product if family == "Mul" else total
