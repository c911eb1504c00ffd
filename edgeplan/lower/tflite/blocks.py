"""Blocks of pixels moved between channels and space: DepthToSpace and SpaceToDepth."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import integer, text
from edgeplan.lower.shapes import size
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.layout import Layout, channels_last
from edgeplan.lower.tflite.registry import lowers

__all__ = ["depth_to_space", "space_to_depth"]


@lowers("DepthToSpace", layout=Layout.LAST)
def depth_to_space(op: Op, b: Builder) -> bool:
    """DepthToSpace(input) mode DCR -> DEPTH_TO_SPACE(input, block_size); mode CRD -> GATHER of the channels before it.

    Source: onnx2tf `op_builders/shape.py` build_depth_to_space_op.
    """
    block, mode = integer(op, "blocksize", 0), text(op, "mode", "DCR")
    if len(op.inputs) != 1 or block is None or block < 1 or mode not in ("CRD", "DCR") or b.rank(op.inputs[0]) != 4:
        return False
    x = op.inputs[0]
    channels = size(b.shape(x), 1)
    if mode == "CRD" and (channels is None or channels % (block * block) or channels > 1 << 20):
        return False
    data = b.last(x)
    if mode == "CRD" and channels is not None:
        cells = block * block
        index = [c * cells + cell for cell in range(cells) for c in range(channels // cells)]
        inputs = {"params": data, "indices": b.constant(index, DType.INT32, (channels,), "channels")}
        data = b.emit("GATHER", inputs, b.shape(data), attrs={"axis": 3})
    b.emit("DEPTH_TO_SPACE", {"input": data}, to=op.outputs[0], attrs={"block_size": block}, order=channels_last(4))
    return True


@lowers("SpaceToDepth", layout=Layout.LAST)
def space_to_depth(op: Op, b: Builder) -> bool:
    """SpaceToDepth(input) -> SPACE_TO_DEPTH(input, block_size); of mode CRD none."""
    block = integer(op, "blocksize", 0)
    if (
        text(op, "mode", "DCR") != "DCR"
        or len(op.inputs) != 1
        or block is None
        or block < 1
        or b.rank(op.inputs[0]) != 4
    ):
        return False
    data = b.last(op.inputs[0])
    b.emit("SPACE_TO_DEPTH", {"input": data}, to=op.outputs[0], attrs={"block_size": block}, order=channels_last(4))
    return True
