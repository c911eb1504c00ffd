"""A wide kernel that strides over a signal becomes a narrow one over the signal's frames: the way of an STFT.

Before:
    y = Conv(x, w, strides=[128])                   # x: N x 1 x L, w: M x 1 x 256
After:
    f = Transpose(Reshape(x, [N, L / 128, 128]))    # frames as positions, samples of a frame as channels
    y = Conv(f, w')                                 # w': M x 128 x 2

The kernel moves by whole frames of as many samples as its stride, so every sample it reads lies at the same place of
some frame. The kernel is filled up with zeros to whole frames, and so is the signal; what the kernel never reaches is
cut off. A front end that transforms a sound in windows of 256 samples has kernels no accelerator of images expects.

Not done for kernels of up to 8, where the length is not known or the kernel pads, on grouped or dilated convolutions,
on signals of more than 8 channels, on images more than one pixel high, and where the zeros would more than double the
work.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import convolution, like
from edgeplan.surgery.looking import dims, ints, sizes
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import reshaped, sliced, transposed, zero_padded

__all__ = ["FrameSignal"]

_WIDE = 8
"""Taps up to which a kernel is none too wide anywhere."""

_CHANNELS = 8
"""Channels of a signal at most, as of an image (`stem-to-space-to-depth`)."""

_GROWTH = 2
"""How many times as many taps the new kernel may have."""


class FrameSignal(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "frame-signal"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Conv"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Conv that strides along one axis alone with a kernel wider than its stride or equal to it."""
        strides, kernel = ints(node, "strides") or (1,), sizes(node.inputs[1])
        if strides[-1] == 1 or kernel is None or len(kernel) not in (3, 4) or kernel[-1] <= _WIDE:
            return None
        if any(k != 1 for k in kernel[2:-1]) or kernel[1] > _CHANNELS or any(s != 1 for s in strides[:-1]):
            return None
        conv = convolution(node)
        if isinstance(conv, str):
            return NearMiss(conv)
        if conv.groups > 1 or max(conv.dilations) > 1:
            return NearMiss("the convolution is grouped or dilated")
        shape, stride, taps = dims(conv.source), strides[-1], kernel[-1]
        if shape is None or not isinstance(shape[-1], int) or len(shape) != len(kernel):
            return NearMiss("the length of the signal is not known")
        if any(d != 1 for d in shape[2:-1]):
            return NearMiss("the image is more than one pixel high")
        if conv.pads is None or any(conv.pads):
            return NearMiss("the convolution pads the signal")
        frames = -(-taps // stride)
        if frames * stride > _GROWTH * taps:
            return NearMiss(f"the kernel of {taps} would grow to {frames} frames of {stride}")
        length = ((shape[-1] - taps) // stride + frames) * stride
        if shape[-1] < taps:
            return NearMiss("the kernel is longer than the signal")
        edit, opset = Edit(), context.opset
        axis, signal = len(shape) - 1, conv.source
        if length < shape[-1]:
            signal = sliced(edit, opset, signal, [(axis, 0, length, 1)])
        missing = max(length - shape[-1], 0)
        signal = zero_padded(edit, opset, signal, [0] * len(shape), [0] * axis + [missing])
        batch, channels, count = shape[0], conv.inputs, length // stride
        deep: list[int | str | None] = [batch, channels * stride, *shape[2:-1], count]
        if channels == 1:
            parts = reshaped(edit, signal, [batch, count, stride])
            framed = transposed(edit, parts, [0, 2, 1])
        else:
            parts = reshaped(edit, signal, [batch, channels, count, stride])
            framed = transposed(edit, parts, [0, 1, 3, 2])
        if dims(framed) != tuple(deep):
            framed = reshaped(edit, framed, deep)
        new = [conv.outputs, channels * stride, *kernel[2:-1], frames]

        def spread(old: NDArray[Any]) -> NDArray[Any]:
            whole = np.zeros((*old.shape[:2], frames * stride), old.dtype)
            whole[:, :, :taps] = old.reshape(*old.shape[:2], taps)
            return whole.reshape(*old.shape[:2], frames, stride).swapaxes(2, 3).reshape(new)

        weight = edit.folded(spread, conv.weight, shape=new)
        made = like(edit, conv, weight, conv.bias, framed, "strides", "auto_pad", "pads", kernel_shape=new[2:])
        return edit.replaces([node], {node.outputs[0]: made})
