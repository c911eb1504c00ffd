"""A Split that a Concat undoes, or a Concat that a Split undoes, is left out.

Before:
    a, b = Split<axis=1>(x)
    y = Concat<axis=1>(a, b, c)
    p, q = Split<axis=0>(Concat<axis=0>(u, v))      # cut where it was joined
After:
    y = Concat<axis=1>(x, c)
    p, q = u, v

Pieces that are joined in their order are the tensor they were cut from. Not done where a piece is left out or they
come in another order, and where a Split cuts elsewhere than at the joints.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.axes import axis_of
from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attribute, dims, made_by, stands_in
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SplitConcat"]


class SplitConcat(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-concat"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset({"Concat", "Split"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Concat of a Split's pieces, and on a Split of a Concat's parts."""
        return _joined(node) if node.op_type == "Concat" else _cut(node)


def _joined(node: ir.Node) -> Replacement | NearMiss | None:
    values = [v for v in node.inputs if v is not None]
    splits = [n for n in dict.fromkeys(made_by(v, "Split") for v in values) if n is not None]
    axis = axis_of(node, attribute(node, "axis", 1))
    parts, undone = list(values), []
    for one in splits:
        source, pieces = one.inputs[0], list(one.outputs)
        if source is None or len(pieces) < 2 or axis_of(one, attribute(one, "axis", 0)) != axis:
            continue
        for at in range(len(parts) - len(pieces) + 1):
            if parts[at : at + len(pieces)] == pieces:
                parts[at : at + len(pieces)] = [source]
                undone.append(one)
                break
    if not undone:
        whole = len(splits) == 1 and set(splits[0].outputs) == set(values) and len(values) > 1
        return NearMiss("the pieces are joined in another order") if whole else None
    edit, out = Edit(), node.outputs[0]
    if len(parts) > 1:
        made = edit.op("Concat", parts, {"axis": attribute(node, "axis", 1)})
    elif not stands_in(parts[0], out):
        return NearMiss("the model hands out what is joined, under a name of its own")
    else:
        made = parts[0]
    return edit.replaces([node, *undone], {out: made})


def _cut(node: ir.Node) -> Replacement | NearMiss | None:
    concat = made_by(node.inputs[0], "Concat")
    if concat is None or len(node.outputs) < 2:
        return None
    axis = axis_of(node, attribute(node, "axis", 0))
    if axis is None or axis_of(concat, attribute(concat, "axis", 1)) != axis:
        return None
    if len(concat.inputs) != len(node.outputs):
        return NearMiss("it does not cut where the Concat joined")
    pairs: dict[ir.Value, ir.Value] = {}
    for part, piece in zip(concat.inputs, node.outputs, strict=True):
        old, new = dims(part), dims(piece)
        if part is None or old is None or new is None or old[axis] is None or new[axis] is None:
            return NearMiss("the sizes of the pieces are not known")
        if old[axis] != new[axis]:
            return NearMiss("it does not cut where the Concat joined")
        if not stands_in(part, piece):
            return NearMiss("the model hands out a piece, under a name of its own")
        pairs[piece] = part
    return Edit().replaces([node, concat], pairs)
