"""A Pad before a pooling becomes the pooling's own padding.

Before:
    p = Pad(x, pads)            # zeros
    y = AveragePool(p)          # or MaxPool, of -inf, or of zeros around what is never negative
After:
    y = AveragePool<count_include_pad=1>(x, pads=pads)

An average over the zeros of a Pad is one that counts its own padding; a MaxPool pads with the least number there is,
which a maximum does not see, nor does it see zeros beside what a Relu, a Sigmoid or a Clip from 0 made. Not done where
the Pad writes another value, widens the batch or channel axis or crops, where its widths reach the kernel's size (a
window would hold padding alone), where the pooling rounds its size up or leaves its own padding out of the average, or
where something else reads the padded tensor, the tensor that is never negative, or the places of the maxima.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.clipping import bounds_of
from edgeplan.surgery.looking import attribute, attributes, dims, ints, is_used, made_by, only_reader
from edgeplan.surgery.padding import both_paddings, pad_value
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["PadIntoPool"]


class PadIntoPool(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "pad-into-pool"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.FOLD
    roots: ClassVar[frozenset[str]] = frozenset({"AveragePool", "MaxPool"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a pooling whose input is made by a Pad."""
        pad = made_by(node.inputs[0], "Pad")
        if pad is None or context.opset < 7:
            return None
        average = node.op_type == "AveragePool"
        both = both_paddings(pad, node, context.opset)
        if isinstance(both, str):
            return NearMiss(both)
        if any(map(is_used, node.outputs[1:])):
            return NearMiss("the places of the maxima are counted in the padded tensor")
        source, value = pad.inputs[0], pad_value(pad, context.opset)
        assert source is not None
        if average and value != 0:
            return NearMiss("the Pad does not write zeros")
        maker = None
        if not average and not _least(value, source):
            maker = _never_negative(source, context.opset)
            if value != 0 or maker is None:
                return NearMiss("the Pad writes something that may be the maximum")
            if only_reader(source) is not pad:
                return NearMiss("something else reads what is padded, too")
        if set(ints(node, "dilations") or ()) - {1}:
            return NearMiss("the pooling's window is dilated")
        if attribute(node, "ceil_mode", 0):
            return NearMiss("the pooling rounds its size up, past the padded tensor's end")
        if average and any(both[1]) and not attribute(node, "count_include_pad", 0):
            return NearMiss("the pooling leaves its own padding out of the average, but not the Pad's")
        pads = [a + b for a, b in zip(*both, strict=True)]
        kernel = ints(node, "kernel_shape") or ()
        if any(p >= k for p, k in zip(pads, kernel * 2, strict=True)):
            return NearMiss("the Pad is as wide as the pooling's window")
        edit = Edit()
        kept = {**attributes(node, "auto_pad"), "pads": pads}
        if average:
            kept["count_include_pad"] = 1
        if maker is None:
            return edit.replaces([pad, node], {node.outputs[0]: edit.op(node.op_type, [source], kept)})
        again = edit.op(maker.op_type, maker.inputs, attributes(maker))  # tried with it, since its sign is what counts
        made = edit.op(node.op_type, [edit.typed(again, source, dims(source))], kept)
        return edit.replaces([maker, pad, node], {node.outputs[0]: made})


def _least(value: float | None, source: ir.Value) -> bool:
    """Whether a value is -inf, or the least integer of its type."""
    if value is None or source.dtype is None:
        return False
    kind = np.dtype(source.dtype.numpy())
    return value == (np.iinfo(kind).min if kind.kind in "iu" else -np.inf)


def _never_negative(source: ir.Value, opset: int) -> ir.Node | None:
    """The op that makes a value, when its results are 0 or more."""
    node = made_by(source, "Relu", "Sigmoid", "HardSigmoid", "Clip")
    if node is None or node.op_type != "Clip":
        return node
    bounds = bounds_of(node, opset)
    return node if bounds is not None and bounds[0] >= 0 else None
