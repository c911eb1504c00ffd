"""A Pad that repeats, mirrors or goes around becomes slices of the tensor beside the tensor.

Before:
    y = Pad(x, pads=[0, 0, 0, 2, 0, 0, 0, 1], mode="reflect")
After:
    y = Concat(x[..., 2:3], x[..., 1:2], x, x[..., -2:-1], axis=3)

What is added is a copy of elements that are there: the edge, the ones behind it in opposite order, or those of the
other end. A Pad with a constant other than 0 is a Concat with that constant, where all other sizes are known. Axes
are padded one after the other; a mirror of more than eight rows is one slice with a step of -1. Not done for zeros,
which every runtime pads with; where the Pad crops, or repeats the edge more than eight times; or where the mirror
reaches past the other end.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attribute, dims
from edgeplan.surgery.padding import pad_value, pad_widths
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import END, Dim, concatenated, sliced

__all__ = ["PadToConcat"]

_PIECES = 8
"""Rows that are cut out one by one on either side, at most."""

_ELEMENTS = 1 << 18
"""Elements of a constant that is written beside the tensor."""


class PadToConcat(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "pad-to-concat"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Pad"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Pad of another mode than constant, or of another value than 0."""
        data, shape = node.inputs[0], dims(node.inputs[0])
        mode = attribute(node, "mode", "constant")
        value = pad_value(node, context.opset)
        if data is None or shape is None or data.dtype is None or (mode == "constant" and value == 0):
            return None
        widths = pad_widths(node, context.opset)
        if widths is None or value is None:
            return NearMiss("the widths or the value are not known")
        if min(w for pair in widths for w in pair) < 0:
            return NearMiss("the Pad crops")
        if not any(w for pair in widths for w in pair):
            return None
        unfit = _unfit(mode, shape, widths, context.opset)
        if unfit:
            return NearMiss(unfit)
        edit = Edit()
        here = data
        for axis, (before, behind) in enumerate(widths):
            if not before and not behind:
                continue
            if mode == "constant":
                here = _with_constant(edit, here, axis, before, behind, value)
                continue
            front, back = _copies(mode, shape[axis], before, behind)
            parts = [sliced(edit, context.opset, here, [(axis, *cut)]) for cut in front]
            parts.append(here)
            parts += [sliced(edit, context.opset, here, [(axis, *cut)]) for cut in back]
            here = concatenated(edit, parts, axis)
        return edit.replaces([node], {node.outputs[0]: here})


def _unfit(mode: str, shape: Sequence[Dim], widths: Sequence[tuple[int, int]], opset: int) -> str:
    """Why a Pad of such widths is not written as a Concat; empty where it can be."""
    now = list(shape)
    for axis, (before, behind) in enumerate(widths):
        size = shape[axis]
        if not before and not behind:
            continue
        reach = size - (mode == "reflect") if isinstance(size, int) else 0
        if mode in ("reflect", "wrap") and max(before, behind) > reach:
            return f"an axis is not known to be as long as what the mode {mode} writes"
        if max(before, behind) > _PIECES and (mode == "edge" or (mode == "reflect" and opset < 10)):
            return f"more than {_PIECES} rows would be cut out one by one"
        rest = [d for d in (*now[:axis], *now[axis + 1 :]) if isinstance(d, int)]
        if mode == "constant" and (len(rest) < len(now) - 1 or prod(rest) * max(before, behind) > _ELEMENTS):
            return "the constant beside the tensor would be large, or a size is not known"
        now[axis] = size + before + behind if isinstance(size, int) else None
    return ""


def _with_constant(edit: Edit, here: ir.Value, axis: int, before: int, behind: int, value: float) -> ir.Value:
    """A tensor with a constant before and behind it along an axis."""
    shape = dims(here) or ()
    beside: list[list[ir.Value]] = []
    for width in (before, behind):
        whole = [width if at == axis else d for at, d in enumerate(shape)]
        filled = np.full([d for d in whole if isinstance(d, int)], value)
        beside.append([edit.constant(filled, here.dtype, name="beside")] if width else [])
    return concatenated(edit, [*beside[0], here, *beside[1]], axis)


_Cut = tuple[int, int, int]


def _copies(mode: str, size: int | str | None, before: int, behind: int) -> tuple[list[_Cut], list[_Cut]]:
    """Start, end and step of the slices that stand before and behind a tensor of `size` along an axis."""
    if mode == "edge":
        return [(0, 1, 1)] * before, [(-1, END, 1)] * behind
    assert isinstance(size, int)
    if mode == "wrap":
        return [(size - before, size, 1)] if before else [], [(0, behind, 1)] if behind else []
    return _mirrored(before, before), _mirrored(size - 2, behind)


def _mirrored(first: int, count: int) -> list[_Cut]:
    """The cuts of `count` rows from `first` downwards: one by one where they are few, else backwards in one."""
    if count <= _PIECES:
        return [(row, row + 1, 1) for row in range(first, first - count, -1)]
    end = first - count
    return [(first, end if end >= 0 else -END, -1)]
