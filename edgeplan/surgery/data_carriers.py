"""Ops that cut, join, repeat or pick elements along their axes, as they run on reordered tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import onnx_ir as ir

from edgeplan.surgery.carrying import Carried, Carrier, Inputs, again, has_rank, own_axis, with_constant, with_turned
from edgeplan.surgery.looking import attribute, attributes, dims, integers, ints, is_constant, known, sizes
from edgeplan.surgery.rewrite import Edit
from edgeplan.surgery.transposing import Order, inverse

__all__ = ["MOVING"]


def _concat(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    if not all(has_rank(v, rank) for v in node.inputs):
        return None
    turned = [at for at, v in enumerate(node.inputs) if is_constant(v) and sizes(v) is not None]
    axis = inverse(order)[own_axis(node, rank, 1)]

    def build(edit: Edit, inputs: Inputs) -> Sequence[ir.Value]:
        given = with_turned(edit, inputs, turned, order)
        return [edit.op("Concat", given, {"axis": axis})]

    tied = tuple(at for at in range(len(node.inputs)) if at not in turned)
    return Carrier(tied, build) if tied else None


def _along(default: int) -> Callable[[ir.Node, Order, int, int], Carried]:
    """Ops with one axis, as an attribute."""

    def look(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
        if not has_rank(node.inputs[0], rank) or (node.op_type == "TopK" and opset < 10):
            return None
        return again(node, 0, axis=inverse(order)[own_axis(node, rank, default)])

    return look


def _gather(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    if not has_rank(node.inputs[0], rank) or not has_rank(node.inputs[1], 1):
        return None
    return again(node, 0, axis=inverse(order)[own_axis(node, rank, 0)])


def _slice(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    if not has_rank(node.inputs[0], rank):
        return None
    back = inverse(order)
    if opset < 10:
        starts = ints(node, "starts", ()) or ()
        axes = ints(node, "axes", tuple(range(len(starts)))) or ()
        return again(node, 0, axes=[back[a % rank] for a in axes])
    count = sizes(node.inputs[1])
    if len(node.inputs) > 3 and node.inputs[3] is not None:
        found = integers(node.inputs[3])
    else:
        found = tuple(range(count[0])) if count is not None else None
    if found is None:
        return "the axes of the Slice are not known"
    return with_constant(node, 3, [back[a % rank] for a in found])


def _pad(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    if not has_rank(node.inputs[0], rank):
        return None
    if opset < 11:
        widths = list(ints(node, "pads", ()) or ())
        turned = [widths[half + axis] for half in (0, rank) for axis in order]
        return again(node, 0, pads=turned)
    if len(node.inputs) > 3 and node.inputs[3] is not None:
        axes = integers(node.inputs[3])
        return None if axes is None else with_constant(node, 3, [inverse(order)[a % rank] for a in axes])
    found = integers(node.inputs[1])
    if found is None or len(found) != 2 * rank:
        return "the widths of the Pad are not known"
    return with_constant(node, 1, [found[half + axis] for half in (0, rank) for axis in order])


def _repeated(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    """Tile and Expand: a number for every axis."""
    if not has_rank(node.inputs[0], rank) or not has_rank(node.outputs[0], rank):
        return None
    found = integers(node.inputs[1])
    if found is None or len(found) != rank:
        return f"how far the {node.op_type} goes is not known"
    return with_constant(node, 1, [found[axis] for axis in order])


def _resize(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    """Turned only so that the spatial axes come last, which is what runtimes resize."""
    if opset < 10 or not has_rank(node.inputs[0], rank) or not has_rank(node.outputs[0], rank) or rank < 3:
        return None
    if attribute(node, "coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize":
        return "the Resize crops"
    if attribute(node, "axes") is not None or attribute(node, "keep_aspect_ratio_policy", "stretch") != "stretch":
        return "the Resize chooses its axes or its scales"
    before, after = dims(node.inputs[0]) or (), dims(node.outputs[0]) or ()
    if any(before[axis] != after[axis] or before[axis] is None for axis in order[:2]):
        return None
    at = 1 if opset == 10 else 2
    if len(node.inputs) > 3 and node.inputs[3] is not None:
        at = 3
    found = known(node.inputs[at]) if at < len(node.inputs) else None
    if found is None or found.size != rank:
        return "the scales of the Resize are not known"
    turned = found.reshape(-1)[list(order)]

    def build(edit: Edit, inputs: Inputs) -> Sequence[ir.Value]:
        given = list(inputs)
        given[at] = edit.constant(turned)
        return [edit.op("Resize", given, attributes(node))]

    return Carrier((0,), build)


def _shape(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    if not has_rank(node.inputs[0], rank):
        return None
    back = inverse(order)[slice(attribute(node, "start", 0), attribute(node, "end"))]

    def build(edit: Edit, inputs: Inputs) -> Sequence[ir.Value]:
        whole = edit.typed(edit.op("Shape", inputs), like=node.outputs[0], shape=[rank])
        return [edit.op("Gather", [whole, edit.constant(list(back), ir.DataType.INT64)], {"axis": 0})]

    return Carrier((0,), build, settled=True)


MOVING: dict[str, Callable[[ir.Node, Order, int, int], Carried]] = {
    **dict.fromkeys(("Tile", "Expand"), _repeated),
    "TopK": _along(-1),
    "Split": _along(0),
    "Concat": _concat,
    "Gather": _gather,
    "Pad": _pad,
    "Resize": _resize,
    "Shape": _shape,
    "Slice": _slice,
}
"""By op type: how a node, the new order, its rank and the opset make a carrier."""
