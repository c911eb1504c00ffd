"""Two Transposes in a row become one, or none; one that moves no axis is left out.

Before:
    a = Transpose(x, perm=[0, 2, 3, 1])
    y = Transpose(a, perm=[0, 3, 1, 2])
After:
    y = x

The second order applied to the first is again an order of the axes. Where it is the order they stand in, nothing is
left to move. Otherwise one Transpose does it, unless others read the tensor in between: then there would be as many
as before.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import made_by, only_reader, stands_in
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import transposed
from edgeplan.surgery.transposing import order_of

__all__ = ["CancelTransposes"]


class CancelTransposes(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "cancel-transposes"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset({"Transpose"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Transpose that moves no axis, or that reads another Transpose."""
        order, data, out = order_of(node), node.inputs[0], node.outputs[0]
        if order is None or data is None:
            return None
        edit = Edit()
        still = tuple(range(len(order)))
        if order == still:
            return edit.replaces([node], {out: data}) if stands_in(data, out) else None
        first = made_by(data, "Transpose")
        if first is None:
            return None
        before, source = order_of(first), first.inputs[0]
        if before is None or source is None:
            return None
        both = tuple(before[axis] for axis in order)
        if both == still:
            return edit.replaces([first, node], {out: source})
        if only_reader(data) is not node:
            return NearMiss("something else reads the tensor between the two Transposes")
        return edit.replaces([first, node], {out: transposed(edit, source, both)})
