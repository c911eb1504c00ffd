"""Channels shuffled between groups, which three ops of five axes say and one GATHER does."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import integers
from edgeplan.lower.shapes import size
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.fused import only_reader
from edgeplan.lower.tflite.layout import placed
from edgeplan.lower.tflite.operands import common_order

__all__ = ["channel_shuffle"]

_MOST_CHANNELS = 1 << 16


def channel_shuffle(op: Op, b: Builder) -> bool:
    """A Reshape that begins a shuffle of channels -> GATHER(params, indices, axis) of the channels, to its end.

    Before: `t = Reshape(x) [N,g,C/g,H,W]; u = Transpose<perm = [0,2,1,3,4]>(t); y = Reshape(u) [N,C,H,W]`
    After:  `y = GATHER(x, [0, C/g, 2C/g, ..., 1, C/g+1, ...])` along the channels

    Source: onnx2tf `tflite_builder/passes/channel_shuffle.py`.
    """
    x = op.inputs[0]
    shape, split = b.shape(x), b.shape(op.outputs[0])
    if shape is None or split is None or len(shape) != 4 or len(split) != 5:
        return False
    channels, groups, each = size(shape, 1), size(split, 1), size(split, 2)
    if channels is None or groups is None or each is None or channels != groups * each or channels > _MOST_CHANNELS:
        return False
    swap = only_reader(b, op.outputs[0])
    if swap is None or swap.label != "Transpose" or integers(swap, "perm", ()) != (0, 2, 1, 3, 4):
        return False
    merge = only_reader(b, swap.outputs[0])
    if merge is None or merge.label != "Reshape" or merge.inputs[0] != swap.outputs[0]:
        return False
    if b.shape(merge.outputs[0]) != shape or split[0] != shape[0] or split[3:] != shape[2:] or None in shape:
        return False
    out = merge.outputs[0]
    order = common_order(b, (x,), out)
    index = [group * each + at for at in range(each) for group in range(groups)]
    inputs = {"params": b.ordered(x, order), "indices": b.constant(index, DType.INT32, (channels,), "channels")}
    b.absorb(out, swap)
    b.absorb(out, merge)
    b.emit("GATHER", inputs, to=out, attrs={"axis": placed(order, 1)}, order=order)
    return True
