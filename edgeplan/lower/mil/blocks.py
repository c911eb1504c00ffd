"""Blocks of pixels moved between channels and space: DepthToSpace and SpaceToDepth."""

from __future__ import annotations

from edgeplan.graph import Op
from edgeplan.lower.attributes import integer, text
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.registry import lowers

__all__ = ["depth_to_space", "space_to_depth"]


@lowers("DepthToSpace")
def depth_to_space(op: Op, b: Builder) -> bool:
    """DepthToSpace(input) mode CRD -> pixel_shuffle(x, upscale_factor); mode DCR -> depth_to_space(x, block_size)."""
    block, mode = integer(op, "blocksize", 0), text(op, "mode", "DCR")
    if len(op.inputs) != 1 or block is None or block < 1 or mode not in ("CRD", "DCR") or b.rank(op.inputs[0]) != 4:
        return False
    if mode == "CRD":
        b.emit("pixel_shuffle", {"x": op.inputs[0]}, to=op.outputs[0], attrs={"upscale_factor": block})
    else:
        b.emit("depth_to_space", {"x": op.inputs[0]}, to=op.outputs[0], attrs={"block_size": block})
    return True


@lowers("SpaceToDepth")
def space_to_depth(op: Op, b: Builder) -> bool:
    """SpaceToDepth(input) -> space_to_depth(x, block_size)."""
    block = integer(op, "blocksize", 0)
    if len(op.inputs) != 1 or block is None or block < 1 or b.rank(op.inputs[0]) != 4:
        return False
    b.emit("space_to_depth", {"x": op.inputs[0]}, to=op.outputs[0], attrs={"block_size": block})
    return True
