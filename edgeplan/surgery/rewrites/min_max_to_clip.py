"""Min and Max with one number become a Clip.

Before:
    p = Max(x, 0)
    y = Min(p, 6)
After:
    y = Clip(x, 0, 6)

Min with a number is an upper bound, Max a lower one; Max with 0 is a Relu, and an infinite bound is none. A Min of a
Max, or a Max of a Min, gives one op. Not done for tensors of bounds, where the number's rank widens the result, for
integers (they are sizes, which are computed beforehand), and for two bounds that cross.
"""

from __future__ import annotations

from math import inf
from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.clipping import clipped, single
from edgeplan.surgery.looking import FLOATS, by_constant, dims, only_reader, stands_in
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["MinMaxToClip"]


class MinMaxToClip(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "min-max-to-clip"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset({"Min", "Max"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Min or Max of two operands, one of them a number."""
        own = _bounded(node, context.opset)
        if own is None or isinstance(own, NearMiss):
            return own
        source, low, high = own
        behind = only_reader(node.outputs[0])
        if behind is not None and _partner(behind, node) and isinstance(_bounded(behind, context.opset), tuple):
            return None  # the one behind takes both
        old = [node]
        inner = source.producer()
        if inner is not None and _partner(node, inner) and only_reader(source) is node:
            found = _bounded(inner, context.opset)
            if isinstance(found, tuple):
                source, low, high = found[0], max(low, found[1]), min(high, found[2])
                old = [inner, node]
                if low > high:
                    return NearMiss("the bounds cross")
        edit = Edit()
        made = clipped(edit, context.opset, source, low, high)
        if made is source and not stands_in(source, node.outputs[0]):
            return NearMiss("the bound is infinite, and the model hands the result out under a name of its own")
        return edit.replaces(old, {node.outputs[0]: made})


def _partner(one: ir.Node, other: ir.Node) -> bool:
    return {one.op_type, other.op_type} == {"Min", "Max"} and one.domain == other.domain == ""


def _bounded(node: ir.Node, opset: int) -> tuple[ir.Value, float, float] | NearMiss | None:
    """What is bounded, and its bounds."""
    found = by_constant(node)
    if found is None or opset < 8:
        return None
    source, bound, _ = found
    if source.dtype not in FLOATS:
        return None
    number = single(bound)
    if number is None:
        return NearMiss("the bound is not one number")
    old, rank = dims(source), dims(bound)
    if old is None or rank is None or len(rank) > len(old):
        return NearMiss("the number's rank may widen the result")
    return (source, -inf, number) if node.op_type == "Min" else (source, number, inf)
