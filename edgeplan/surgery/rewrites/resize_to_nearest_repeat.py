"""A nearest resize by whole numbers becomes copies of the tensor beside each other.

Before:
    y = Resize(x, scales=[1, 1, 2, 2], mode="nearest")      # x: [N, C, H, W]
After:
    a = Reshape(x, [1, N * C * H * W, 1, 1])
    b = Reshape(Concat(a, a, axis=2), [1, N * C * H, 1, 2 * W])
    y = Reshape(Concat(b, b, axis=2), [N, C, 2 * H, 2 * W])

Each element is repeated along an axis: that is the tensor, with that axis last of the outer ones, twice along a new
axis behind it. Four axes do, whatever the rank. Not done where the factor is no whole number or more than 16, where
the nearest element is not the repeated one, or where more than one size is open.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import dims
from edgeplan.surgery.reshaping import can_reshape, merged
from edgeplan.surgery.resizing import factors, mode_of, repeats
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import Dim, concatenated, reshaped

__all__ = ["ResizeToNearestRepeat"]

_MOST = 16


class ResizeToNearestRepeat(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "resize-to-nearest-repeat"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Resize", "Upsample"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a nearest Resize that repeats every element."""
        data, shape = node.inputs[0], dims(node.inputs[0])
        if mode_of(node) != "nearest":
            return None
        by = factors(node, context.opset)
        if isinstance(by, str):
            return NearMiss(by)
        if data is None or shape is None or not can_reshape(shape):
            return NearMiss("more than one size is open, or there are no elements")
        if max(by) > _MOST:
            return NearMiss(f"an element would be copied more than {_MOST} times")
        if all(f == 1 for f in by) or not repeats(node, context.opset, by):
            return NearMiss("some positions are nearer to another element than the one that is repeated there")
        edit = Edit()
        here, now = data, list[Dim](shape)
        for axis in reversed(range(len(by))):
            if by[axis] == 1:
                continue
            rows = reshaped(edit, here, [1, merged(now[: axis + 1]), 1, merged(now[axis + 1 :])])
            here = concatenated(edit, [rows] * by[axis], 2)
            size = now[axis]
            now[axis] = size * by[axis] if isinstance(size, int) else None
        return edit.replaces([node], {node.outputs[0]: reshaped(edit, here, now)})
