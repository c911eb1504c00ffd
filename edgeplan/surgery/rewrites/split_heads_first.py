"""Queries, keys and values are told apart before they are cut into heads, not after.

Before:
    a = Reshape(x, [B, T, 3, heads, D])
    b = Transpose(a, perm=[2, 0, 3, 1, 4])
    q = Gather(b, 0, axis=0)                  # k, v likewise; or Split and Squeeze, or Unbind
After:
    a, c, d = Split(x, axis=-1)               # x has the shape [B, T, 3 * heads * D]
    q = Transpose(Reshape(a, [B, T, heads, D]), perm=[0, 2, 1, 3])

The axis of three is one of those that the last axis of x is cut into, so one part of it is a slice of x. Nothing
of five axes remains. Not done where the parts are not all taken out one by one, or where that axis is not the
outermost of those that an axis of x is cut into: then a part would not be a slice.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.axes import axes_named
from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attribute, dims, is_output, made_by, only_reader, readers, scalar
from edgeplan.surgery.reshaping import can_reshape, merged
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import Dim, reshaped, split, transposed
from edgeplan.surgery.transposing import order_of

__all__ = ["SplitHeadsFirst"]


class SplitHeadsFirst(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-heads-first"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Transpose"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the Transpose between the Reshape and what takes the parts out."""
        view = made_by(node.inputs[0], "Reshape")
        if view is None or view.inputs[0] is None or is_output(node.outputs[0]):
            return None
        source, shape = dims(view.inputs[0]), dims(view.outputs[0])
        if source is None or shape is None or len(shape) < 5:
            return None
        perm, taken = order_of(node), _taken(node.outputs[0])
        if perm is None or taken is None:
            return None
        along, old, parts = taken
        axis = perm[along]
        count = shape[axis]
        if not isinstance(count, int) or not 2 <= count <= 8 or sorted(parts) != list(range(count)):
            return NearMiss("the parts are not taken out one by one, each of them once")
        if only_reader(view.outputs[0]) is not node:
            return NearMiss("something else reads the tensor before it is transposed")
        cut = _cut(source, shape, axis)
        if cut is None:
            return NearMiss("the parts are not slices of the tensor that is cut into heads")
        rest = [shape[a] for a in range(len(shape)) if a != axis]
        if not can_reshape(rest):
            return NearMiss("more than one size is open")
        width = source[cut]
        assert isinstance(width, int)
        edit = Edit()
        pieces = split(edit, context.opset, view.inputs[0], cut, [width // count] * count)
        turned = [a - (a > axis) for a in perm if a != axis]
        made = {}
        for index, value in parts.items():
            made[value] = transposed(edit, reshaped(edit, pieces[index], rest), turned)
        return edit.replaces([view, node, *old], made)


def _cut(source: tuple[Dim, ...], shape: tuple[Dim, ...], axis: int) -> int | None:
    """The axis of `source` whose outermost part a Reshape makes `axis` of `shape`."""
    front = shape[:axis]
    for cut in range(len(source)):
        if source[:cut] == front and None not in front:
            width = source[cut]
            behind = merged(shape[axis : axis + len(shape) - axis - (len(source) - cut - 1)])
            same = source[cut + 1 :] == shape[len(shape) - (len(source) - cut - 1) :]
            return (
                cut if isinstance(width, int) and width == behind and same and None not in source[cut + 1 :] else None
            )
    return None


def _taken(value: ir.Value) -> tuple[int, list[ir.Node], dict[int, ir.Value]] | None:
    """How the parts along one axis are taken out: the axis, the nodes that do it, and each part's value."""
    nodes = readers(value)
    shape = dims(value) or ()
    old: list[ir.Node] = []
    parts: dict[int, ir.Value] = {}
    if nodes and all(n.op_type == "Gather" and n.domain == "" and n.inputs[0] is value for n in nodes):
        axes = {attribute(n, "axis", 0) % len(shape) for n in nodes}
        for n in nodes:
            index, form = scalar(n.inputs[1]), dims(n.inputs[1])
            count = shape[next(iter(axes))]
            if index is None or form != () or not isinstance(count, int) or int(index) % count in parts:
                return None
            old.append(n)
            parts[int(index) % count] = n.outputs[0]
        return (axes.pop(), old, parts) if len(axes) == 1 else None
    if len(nodes) == 1 and nodes[0].op_type == "Split" and nodes[0].domain == "":
        split = nodes[0]
        axis = attribute(split, "axis", 0) % len(shape)
        old.append(split)
        for index, out in enumerate(split.outputs):
            squeeze = only_reader(out)
            if squeeze is None or squeeze.op_type != "Squeeze" or (dims(out) or ())[axis : axis + 1] != (1,):
                return None
            gone = axes_named(squeeze)
            if not gone or [a % len(shape) for a in gone] != [axis]:
                return None
            old.append(squeeze)
            parts[index] = squeeze.outputs[0]
        return axis, old, parts
    return None
