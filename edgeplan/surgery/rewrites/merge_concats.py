"""A Concat of Concats along the same axis becomes one Concat.

Before:
    p = Concat<axis=1>(a, b)
    y = Concat<axis=1>(p, c)
After:
    y = Concat<axis=1>(a, b, c)

What is joined first would be copied twice; the order of the parts stays. Not done where others read the inner
result, which would then have to be made in any case.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.axes import axis_of
from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attribute, made_by, only_reader
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["MergeConcats"]


class MergeConcats(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "merge-concats"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset({"Concat"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Concat that joins what another one gives."""
        inner = [n for n in dict.fromkeys(made_by(v, "Concat") for v in node.inputs) if n is not None]
        axis = _axis(node)
        along = [n for n in inner if _axis(n) == axis]
        if not along:
            return None
        free = [n for n in along if only_reader(n.outputs[0]) is node]
        if not free:
            return NearMiss("something else reads what is joined first")
        parts: list[ir.Value | None] = []
        for value in node.inputs:
            producer = made_by(value, "Concat")
            parts.extend(producer.inputs if producer in free and producer is not None else [value])
        edit = Edit()
        made = edit.op("Concat", parts, {"axis": attribute(node, "axis", 1)})
        return edit.replaces([*free, node], {node.outputs[0]: made})


def _axis(node: ir.Node) -> int:
    """The axis counted from the front; where the rank is not known, as it is written."""
    axis = int(attribute(node, "axis", 1))
    counted = axis_of(node, axis)
    return axis if counted is None else counted
