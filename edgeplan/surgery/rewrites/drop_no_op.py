"""Ops that give back what they read are left out.

Before:
    a = Identity(x)
    b = Add(a, 0)
    c = Pad(b, [0, 0, 0, 0])
    y = Relu(Relu(c))
After:
    y = Relu(x)

Left out are: Identity; Dropout outside training; a Cast to the type at hand; adding or subtracting 0, multiplying with,
dividing by or raising to 1; a Pad by nothing, a Slice, Expand, Tile, Resize, Reshape or reduction that leaves the shape
as it is; Concat, Sum, Max, Min, Mean and Split of one tensor; pooling over single pixels; a Clip without bounds; a
Relu, Abs or rounding of what already is positive or whole; and two Negs or Nots in a row. -0 may come out as 0 before
and as -0 afterwards, which are equal.

Not done where the constant operand gives the result another shape than the tensor's, where the shapes are not known to
be the same, or where a model's input would be left to be its output: there an op has to stand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import (
    attribute,
    attributes,
    dims,
    filled_with,
    ints,
    is_output,
    is_used,
    known,
    made_by,
    same_shape,
    shape_makers,
    sizes,
    stands_in,
)
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.slicing import Cut, cuts
from edgeplan.surgery.spelling import END

__all__ = ["DropNoOp"]

Found = ir.Value | Replacement | NearMiss | None


class DropNoOp(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "drop-no-op"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]]

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on an op whose first result is one of its inputs, or that of an op before it."""
        if any(map(is_used, node.outputs[1:])) or not node.inputs:
            return None
        found = _KINDS[node.op_type](node, context.opset)
        if not isinstance(found, ir.Value):
            return found
        if not stands_in(found, node.outputs[0]):
            return None
        told = shape_makers(node) if node.op_type in _TOLD else []
        return Edit().replaces([*told, node], {node.outputs[0]: found})


def _always(node: ir.Node, opset: int) -> Found:
    return node.inputs[0]


def _alone(node: ir.Node, opset: int) -> Found:
    """Joins of one tensor, and splits into one."""
    return node.inputs[0] if len(node.inputs if node.op_type != "Split" else node.outputs) == 1 else None


def _dropout(node: ir.Node, opset: int) -> Found:
    if opset < 7:
        return node.inputs[0] if attribute(node, "is_test", 0) else None
    training = node.inputs[2] if len(node.inputs) > 2 else None
    if training is None:
        return node.inputs[0]
    given = known(training)
    return node.inputs[0] if given is not None and not given.any() else NearMiss("the Dropout may be training")


def _cast(node: ir.Node, opset: int) -> Found:
    data = node.inputs[0]
    assert data is not None
    if node.op_type == "CastLike":
        like = node.inputs[1]
        return data if like is not None and data.dtype is not None and like.dtype == data.dtype else None
    return data if data.dtype is not None and data.dtype.value == attribute(node, "to") else None


def _operand(neutral: float, *places: int) -> Callable[[ir.Node, int], Found]:
    """Ops that leave a tensor as it is where the operand at one of `places` is all `neutral`."""

    def look(node: ir.Node, opset: int) -> Found:
        if opset < 7 or len(node.inputs) != 2:
            return None
        for place in places:
            value, other = node.inputs[place], node.inputs[1 - place]
            if known(node.outputs[0]) is not None or not filled_with(value, neutral):
                continue
            if _fits(sizes(value) or (), dims(other)):
                return other
            return NearMiss(f"the {node.op_type} would do nothing, but it may change the shape")
        return None

    return look


def _fits(small: Sequence[int], shape: Sequence[int | str | None] | None) -> bool:
    """Whether broadcasting with `small` leaves a shape as it is."""
    if shape is None or len(small) > len(shape):
        return False
    return all(n == 1 or n == d for n, d in zip(reversed(small), reversed(shape), strict=False))


def _pad(node: ir.Node, opset: int) -> Found:
    if opset < 11:
        widths = ints(node, "pads") or ints(node, "paddings")
        return node.inputs[0] if widths is not None and not any(widths) else None
    given = known(node.inputs[1])
    return node.inputs[0] if given is not None and not given.any() else None


def _slice(node: ir.Node, opset: int) -> Found:
    """All of every axis, forwards.

    What it takes of a free dimension its bounds say: onnx gives a Slice of opset 10 the name of the whole dimension.
    """
    found, shape = cuts(node, opset), dims(node.inputs[0])
    if found is not None:
        whole = all(_is_whole(cut, shape[axis] if shape is not None else None) for axis, cut in found.items())
        return node.inputs[0] if whole else None
    steps = node.inputs[4] if opset >= 10 and len(node.inputs) > 4 else None
    if opset == 10 or (steps is not None and ((given := known(steps)) is None or not np.all(given == 1))):
        return None
    return _unchanged(node, opset)


def _is_whole(cut: Cut, size: int | str | None) -> bool:
    """Whether a cut takes all of an axis, in its order."""
    if isinstance(size, int):
        return cut.of(size) == range(size)
    return (cut.start, cut.step) == (0, 1) and cut.end >= END


def _tile(node: ir.Node, opset: int) -> Found:
    given = known(node.inputs[1]) if opset >= 6 else None
    return node.inputs[0] if given is not None and np.all(given == 1) else None


def _unchanged(node: ir.Node, opset: int) -> Found:
    """Ops that do nothing when they do not change the shape."""
    return node.inputs[0] if same_shape(node.inputs[0], node.outputs[0]) else None


def _reduced(node: ir.Node, opset: int) -> Found:
    """Over axes of size 1 alone, so that the shape stays."""
    return _unchanged(node, opset) if attribute(node, "keepdims", 1) else None


def _reshape(node: ir.Node, opset: int) -> Found:
    if same_shape(node.inputs[0], node.outputs[0]):
        return node.inputs[0]
    before, told = dims(node.inputs[0]), known(node.inputs[1]) if len(node.inputs) > 1 else None
    if before is None or told is None or len(told) != len(before) or attribute(node, "allowzero", 0):
        return None
    same = [n == 0 or n == d for n, d in zip(told, before, strict=True)]
    others = [int(n) for n, kept in zip(told, same, strict=True) if not kept]
    return node.inputs[0] if not others or others == [-1] else None


def _resize(node: ir.Node, opset: int) -> Found:
    """By a scale of 1; the sizes alone do not say it where a Resize crops."""
    how = attribute(node, "coordinate_transformation_mode", "half_pixel")
    if how not in ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "asymmetric", "align_corners"):
        return None
    at = 1 if opset < 11 else 2
    scales = known(node.inputs[at]) if len(node.inputs) > at else None
    if node.op_type == "Upsample" and opset < 9:
        scales = np.asarray(attribute(node, "scales", []))
    if scales is not None and scales.size:
        return node.inputs[0] if np.all(scales == 1) else None
    return _unchanged(node, opset) if len(node.inputs) > 3 else None


def _pool(node: ir.Node, opset: int) -> Found:
    kernel = ints(node, "kernel_shape")
    if not kernel or any(k != 1 for k in kernel):
        return None
    moved = [*(ints(node, "pads") or ()), *(s - 1 for s in ints(node, "strides") or ())]
    return node.inputs[0] if not any(moved) else None


def _clip(node: ir.Node, opset: int) -> Found:
    if opset < 11:
        return node.inputs[0] if not any(attribute(node, name) is not None for name in ("min", "max")) else None
    return node.inputs[0] if all(v is None for v in node.inputs[1:]) else None


def _block(node: ir.Node, opset: int) -> Found:
    return node.inputs[0] if attribute(node, "blocksize") == 1 else None


def _again(*before: str) -> Callable[[ir.Node, int], Found]:
    """Ops that do nothing to what some others give."""

    def look(node: ir.Node, opset: int) -> Found:
        first = made_by(node.inputs[0], *before)
        if first is None or first.graph is not node.graph:
            return None
        if is_output(first.outputs[0]) and is_output(node.outputs[0]):
            return None
        edit = Edit()
        made = edit.typed(edit.op(first.op_type, first.inputs, attributes(first)), like=node.outputs[0])
        return edit.replaces([first, node], {first.outputs[0]: made, node.outputs[0]: made})

    return look


def _twice(node: ir.Node, opset: int) -> Found:
    """Ops that undo themselves."""
    first = made_by(node.inputs[0], node.op_type)
    if first is None or first.inputs[0] is None:
        return None
    return Edit().replaces([first, node], {node.outputs[0]: first.inputs[0]})


_POSITIVE = ("Relu", "Abs", "Sigmoid", "HardSigmoid", "Softmax", "Exp", "Sqrt", "Softplus")
_WHOLE = ("Floor", "Ceil", "Round", "Sign")

_TOLD = frozenset({"Expand", "Pad", "Reshape", "Resize", "Slice"})
"""Ops that are told of shapes."""

_KINDS: dict[str, Callable[[ir.Node, int], Found]] = {
    "Identity": _always,
    "Dropout": _dropout,
    **dict.fromkeys(("Cast", "CastLike"), _cast),
    "Add": _operand(0, 0, 1),
    "Sub": _operand(0, 1),
    "Mul": _operand(1, 0, 1),
    "Div": _operand(1, 1),
    "Pow": _operand(1, 1),
    "Or": _operand(0, 0, 1),
    "And": _operand(1, 0, 1),
    "Pad": _pad,
    "Slice": _slice,
    "Tile": _tile,
    "Reshape": _reshape,
    **dict.fromkeys(("Expand", "Flatten", "Squeeze", "Unsqueeze"), _unchanged),
    **dict.fromkeys(("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd"), _reduced),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool"), _unchanged),
    **dict.fromkeys(("Concat", "Max", "Mean", "Min", "Split", "Sum"), _alone),
    **dict.fromkeys(("Resize", "Upsample"), _resize),
    **dict.fromkeys(("AveragePool", "MaxPool"), _pool),
    "Clip": _clip,
    **dict.fromkeys(("DepthToSpace", "SpaceToDepth"), _block),
    **dict.fromkeys(("Relu", "Abs"), _again(*_POSITIVE)),
    **dict.fromkeys(("Floor", "Ceil", "Round"), _again(*_WHOLE)),
    "Sign": _again("Sign"),
    **dict.fromkeys(("Neg", "Not"), _twice),
}
DropNoOp.roots = frozenset(_KINDS)
