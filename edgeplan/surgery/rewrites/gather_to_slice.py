"""A Gather of neighbouring elements becomes a Slice.

Before:
    y = Gather<axis=1>(x, [2, 3, 4])        # or [2, 4, 6]
    z = Gather<axis=1>(x, 2)                # a scalar: the axis goes
After:
    y = Slice(x, start 2, end 5, axis 1)    # or end 7, step 2
    z = Squeeze(Slice(x, start 2, end 3, axis 1), axis 1)

A Gather looks every element up in a table of indices; where these are constant and evenly spaced, a Slice moves the
same data in one piece. Indices that take the whole axis in order leave nothing to do at all. Not done where the
indices are not constant, repeat, run backwards or are unevenly spaced, where indices from the front and from the end
are mixed on an axis of unknown size, and where sizes are picked out of a shape, which is computed beforehand anyway.
"""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.axes import axis_of
from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attribute, dims, is_constant, known, made_by, stands_in
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.slicing import Cut
from edgeplan.surgery.spelling import END, sliced, squeezed

__all__ = ["GatherToSlice"]


class GatherToSlice(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "gather-to-slice"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.FUSE
    roots: ClassVar[frozenset[str]] = frozenset({"Gather"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Gather whose indices are known."""
        data, indices, out = node.inputs[0], known(node.inputs[1]), node.outputs[0]
        if data is None or is_constant(data) or known(out) is not None or _row_of_sizes(data):
            return None
        if indices is None:
            return NearMiss("the indices are not known before the model runs") if node.inputs[1] else None
        if indices.ndim > 1 or not indices.size:
            return NearMiss(f"the indices have shape {list(indices.shape)}, a Slice takes a row of them")
        axis, shape = axis_of(node, attribute(node, "axis", 0)), dims(data)
        if axis is None or shape is None:
            return NearMiss("the rank of what is gathered from is not known")
        size = shape[axis] if isinstance(shape[axis], int) else None
        cut = _evenly(indices.reshape(-1), size if isinstance(size, int) else None)
        if isinstance(cut, NearMiss):
            return cut
        if cut.step != 1 and context.opset < 10:
            return NearMiss(f"a Slice of opset {context.opset} has no steps")
        edit = Edit()
        if indices.ndim and isinstance(size, int) and cut.of(size) == range(size) and stands_in(data, out):
            return edit.replaces([node], {out: data})
        made = sliced(edit, context.opset, data, [(axis, cut.start, cut.end, cut.step)])
        if not indices.ndim:
            made = squeezed(edit, context.opset, edit.typed(made, shape=[*shape[:axis], 1, *shape[axis + 1 :]]), axis)
        return edit.replaces([node], {out: made})


def _row_of_sizes(data: ir.Value) -> bool:
    """Whether a value is a shape, or looks like one: a row of integers."""
    shape = dims(data)
    return made_by(data, "Shape") is not None or (
        data.dtype == ir.DataType.INT64 and shape is not None and len(shape) == 1
    )


def _evenly(indices: np.ndarray[tuple[int], np.dtype[np.int64]], size: int | None) -> Cut | NearMiss:
    """The cut that takes these elements."""
    at = [int(i) for i in indices]
    if size is not None:
        at = [i + size if i < 0 else i for i in at]
        if min(at) < 0 or max(at) >= size:
            return NearMiss("an index lies outside the axis")
    elif min(at) < 0 <= max(at):
        return NearMiss("indices count from both ends of an axis whose size is not known")
    steps = {b - a for a, b in pairwise(at)} or {1}
    step = min(steps)
    if len(steps) > 1 or step < 1:
        return NearMiss("the indices are not in order at even distances")
    end = at[-1] + 1
    return Cut(at[0], END if end == 0 else end, step)
