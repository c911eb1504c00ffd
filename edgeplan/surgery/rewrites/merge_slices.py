"""A Slice of a Slice becomes one Slice.

Before:
    p = Slice(x, starts [1], ends [7], axes [2])
    y = Slice(p, starts [0, 2], ends [5, 4], axes [1, 2])
After:
    y = Slice(x, starts [0, 3], ends [5, 5], axes [1, 2])

Exporters write `x[:, a:b, c:d]` as one Slice an axis. Cuts of different axes do not touch each other and stand side
by side in one op; two cuts of the same axis are one whose start is the sum of both. Not done where anything but a
Slice reads what is between, where bounds are not known, and on an axis both cut whose size is free, when it decides
where they end.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import dims, is_output, made_by, readers
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.slicing import composed, cuts
from edgeplan.surgery.spelling import sliced

__all__ = ["MergeSlices"]


class MergeSlices(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "merge-slices"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset({"Slice"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Slice of what another Slice gives."""
        inner = made_by(node.inputs[0], "Slice")
        if inner is None or inner.inputs[0] is None:
            return None
        if is_output(inner.outputs[0]) or any(r.op_type != "Slice" for r in readers(inner.outputs[0])):
            return NearMiss("something else reads what the first Slice gives")
        first, second = cuts(inner, context.opset), cuts(node, context.opset)
        if first is None or second is None:
            return NearMiss("the bounds of both are not known")
        whole = dict(first)
        shape = dims(inner.inputs[0])
        for axis, cut in second.items():
            if axis not in first:
                whole[axis] = cut
                continue
            size = shape[axis] if shape is not None else None
            both = composed(first[axis], cut, size if isinstance(size, int) else None)
            if both is None:
                return NearMiss(f"both cut axis {axis}, and what is left depends on its size or runs backwards")
            whole[axis] = both
        edit = Edit()
        parts = [(axis, cut.start, cut.end, cut.step) for axis, cut in sorted(whole.items())]
        return edit.replaces([inner, node], {node.outputs[0]: sliced(edit, context.opset, inner.inputs[0], parts)})
