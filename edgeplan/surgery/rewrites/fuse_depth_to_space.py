"""Reshape, transpose and reshape that move channels into space, or space into channels, become the one op for it.

Before:
    a = Reshape(x, [N, C, r, r, H, W])
    b = Transpose(a, perm=[0, 1, 4, 2, 5, 3])
    y = Reshape(b, [N, C, H * r, W * r])
After:
    y = DepthToSpace(x, blocksize=r, mode="CRD")

This is what a pixel shuffle is exported as. With the axes [N, r, r, C, H, W] and the order [0, 3, 4, 1, 5, 2] the
mode is DCR; [N, C, H, r, W, r] and [0, 3, 5, 1, 2, 4] are SpaceToDepth. Not done for other orders of the channels,
such as those of PyTorch's pixel unshuffle, and before opset 11 for CRD.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import dims, made_by, only_reader
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import Dim
from edgeplan.surgery.transposing import order_of

__all__ = ["FuseDepthToSpace"]

_UNSHUFFLE = (0, 1, 3, 5, 2, 4)


class FuseDepthToSpace(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "fuse-depth-to-space"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.FUSE
    roots: ClassVar[frozenset[str]] = frozenset({"Reshape"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the second Reshape."""
        turn = made_by(node.inputs[0], "Transpose")
        first = made_by(turn.inputs[0], "Reshape") if turn is not None else None
        if turn is None or first is None:
            return None
        source, data = dims(first.inputs[0]), first.inputs[0]
        middle, result = dims(first.outputs[0]), dims(node.outputs[0])
        perm = order_of(turn)
        if data is None or not source or not middle or not result or perm is None:
            return None
        if (len(source), len(middle), len(result)) != (4, 6, 4):
            return None
        if perm == _UNSHUFFLE:
            return NearMiss("SpaceToDepth puts the channels of one place last, not first")
        if perm not in _FORMS:
            return None
        kind, mode, axes = _FORMS[perm]
        named = dict(zip(axes, middle, strict=True))
        block = named["r"]
        if not isinstance(block, int) or block < 2 or named["s"] != block:
            return NearMiss("the blocks are not squares of a known size")
        if not _agree(kind, source, result, named, block):
            return NearMiss("the sizes around the transpose are not those of whole blocks, or not known")
        if mode == "CRD" and context.opset < 11:
            return NearMiss("before opset 11 DepthToSpace knows one order of channels alone")
        if only_reader(first.outputs[0]) is not turn or only_reader(turn.outputs[0]) is not node:
            return NearMiss("something else reads the tensor of six axes")
        edit = Edit()
        given = {"blocksize": block} | ({"mode": mode} if mode == "CRD" else {})
        return edit.replaces([first, turn, node], {node.outputs[0]: edit.op(kind, [data], given)})


_FORMS: dict[tuple[int, ...], tuple[str, str, str]] = {
    (0, 1, 4, 2, 5, 3): ("DepthToSpace", "CRD", "NCrsHW"),
    (0, 3, 4, 1, 5, 2): ("DepthToSpace", "DCR", "NrsCHW"),
    (0, 3, 5, 1, 2, 4): ("SpaceToDepth", "", "NCHrWs"),
}
"""By the transpose's order: the op, its mode, and what the six axes are."""


def _agree(kind: str, source: tuple[Dim, ...], result: tuple[Dim, ...], named: dict[str, Dim], block: int) -> bool:
    """Whether the four axes before and behind are those of the six, known or by the same free name."""
    deep, flat = (source, result) if kind == "DepthToSpace" else (result, source)
    n, c, h, w = (named[a] for a in "NCHW")
    pairs = [(deep[0], n), (deep[2], h), (deep[3], w), (flat[0], n), (flat[1], c)]
    if any(a is None or a != b for a, b in pairs) or not isinstance(c, int):
        return False
    scaled = [(flat[2], h), (flat[3], w)]
    unsure = [a for a, b in scaled if not isinstance(a, int) or not isinstance(b, int)]
    whole = all(a == b * block for a, b in scaled if isinstance(a, int) and isinstance(b, int))
    return deep[1] == c * block * block and whole and len(unsure) <= 1
