"""Slices that take a tensor apart along one axis become one Split.

Before:
    a = Slice(x, start 0, end 4, axis 1)
    b = Slice(x, start 4, end 12, axis 1)     # x has 12 channels
After:
    a, b = Split<axis=1>(x, [4, 8])

One op cuts where several did, in one reading of the tensor. The pieces may come in any order, and two Slices that
take the same piece share it. Not done where the pieces overlap or leave a part of the axis out, with steps, or where
the axis has no known size.
"""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import dims, is_constant, readers
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.slicing import cuts
from edgeplan.surgery.spelling import split

__all__ = ["SliceToSplit"]

_MANY = 32
"""Readers of a tensor beyond which not each of them looks at all the others."""


class SliceToSplit(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "slice-to-split"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset({"Slice"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on any of the Slices, of many on the one that takes the first piece, which also says what is amiss."""
        source, shape = node.inputs[0], dims(node.inputs[0])
        if source is None or shape is None or is_constant(source):
            return None
        own = _piece(node, shape, context.opset)
        if own is None:
            return None
        axis, first = own[0], own[1] == 0
        if not first and len(source.uses()) > _MANY:
            return None
        pieces: dict[ir.Node, tuple[int, int]] = {}
        for reader in readers(source):
            if reader.op_type == "Slice" and reader.domain == "" and reader.graph is node.graph:
                found = _piece(reader, shape, context.opset)
                if found is not None and found[0] == axis:
                    pieces[reader] = found[1:]
        if any(n.outputs[0].uses() and all(r.op_type == "Slice" for r in readers(n.outputs[0])) for n in pieces):
            return None  # two Slices in a row become one
        spans = sorted(set(pieces.values()))
        if len(spans) < 2:
            return None
        if any(end > start for (_, end), (start, _) in pairwise(spans)):
            return NearMiss(f"the slices along axis {axis} overlap") if first else None
        ends = spans[0][0] == 0 and spans[-1][1] == shape[axis]
        if not ends or any(end != start for (_, end), (start, _) in pairwise(spans)):
            return NearMiss(f"the slices leave a part of axis {axis} out") if first else None
        edit = Edit()
        made = dict(zip(spans, split(edit, context.opset, source, axis, [b - a for a, b in spans]), strict=True))
        return edit.replaces(list(pieces), {reader.outputs[0]: made[span] for reader, span in pieces.items()})


def _piece(node: ir.Node, shape: tuple[int | str | None, ...], opset: int) -> tuple[int, int, int] | None:
    """Axis, start and end of what a Slice takes, where that is one piece of one axis of known size."""
    found = cuts(node, opset)
    if found is None or len(found) != 1:
        return None
    ((axis, cut),) = found.items()
    size = shape[axis]
    if cut.step != 1 or not isinstance(size, int):
        return None
    taken = cut.of(size)
    return (axis, taken.start, taken.stop) if taken else None
