"""How Slice ops are read: which part of which axis each takes, whatever version of the op says it."""

from __future__ import annotations

from dataclasses import dataclass

import onnx_ir as ir

from edgeplan.surgery.axes import axis_of
from edgeplan.surgery.looking import integers, ints
from edgeplan.surgery.spelling import END

__all__ = ["Cut", "composed", "cuts"]


@dataclass(frozen=True, slots=True)
class Cut:
    """The elements of one axis from `start` to before `end`, every `step`-th; counted as Python counts them."""

    start: int
    end: int
    step: int

    def of(self, size: int) -> range:
        """The indices it takes of an axis of so many elements."""
        return range(size)[self.start : self.end : self.step]


def cuts(node: ir.Node, opset: int) -> dict[int, Cut] | None:
    """What a Slice takes, by axis; None where its bounds are not known."""
    if opset < 10:
        given = [ints(node, name) for name in ("starts", "ends", "axes", "steps")]
    else:
        given = [integers(value) for value in node.inputs[1:5]]
        if any(g is None and v is not None for g, v in zip(given, node.inputs[1:5], strict=True)):
            return None
    starts, ends, axes, steps = (*given, None, None)[:4]
    if starts is None or ends is None or len(starts) != len(ends):
        return None
    axes = tuple(range(len(starts))) if axes is None else axes
    steps = (1,) * len(starts) if steps is None else steps
    if not len(axes) == len(steps) == len(starts):
        return None
    counted = [axis_of(node, axis) for axis in axes]
    if None in counted or len(set(counted)) != len(counted):
        return None
    bounds = zip(starts, ends, steps, strict=True)
    return {axis: Cut(*bound) for axis, bound in zip(counted, bounds, strict=True) if axis is not None}


def composed(first: Cut, second: Cut, size: int | None) -> Cut | None:
    """One cut that takes what `second` takes of what `first` leaves; None where that depends on a size not known."""
    if size is not None:
        found = first.of(size)[second.start : second.end : second.step]
        return Cut(found.start, found.stop, found.step) if found.step > 0 else None
    if first.step != 1 or second.step != 1 or first.start < 0 or second.start < 0:
        return None
    start = first.start + second.start
    if second.end >= END:
        return Cut(start, first.end, 1)
    if second.end < 0:
        return Cut(start, second.end, 1) if first.end >= END else None
    return Cut(start, min(first.start + second.end, first.end), 1) if first.end >= 0 else None
