"""A convolution with a stride over an image of few channels becomes SpaceToDepth and a convolution of stride 1.

Before:
    y = Conv(x, w, b, strides=[2, 2], pads=[3, 3, 3, 3])      # x: N x 3 x H x W, w: M x 3 x 7 x 7
After:
    s = SpaceToDepth(x, blocksize=2)                          # N x 12 x H/2 x W/2
    y = Conv(s, w', b, pads=[2, 2, 1, 1])                     # w': M x 12 x 4 x 4

The kernel moves by whole blocks of s x s pixels, so every pixel it reads lies at the same place of some block: blocks
can be positions, and pixels of a block channels. The kernel is filled up with zeros to whole blocks. Where kernel and
stride are the same, as in patch embeddings, a 1x1 convolution is left and no zero is added. Accelerators that compute
many channels at once idle on an image's three.

Not done where height or width are not known beforehand, where the image has more than 8 channels, on grouped or
dilated convolutions and on strides that differ, and where the zeros would make more than twice the work.
"""

from __future__ import annotations

from math import prod
from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import convolution, like
from edgeplan.surgery.looking import dims, ints, sizes
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import sliced, zero_padded

__all__ = ["StemToSpaceToDepth"]

_CHANNELS = 8
"""Channels of an image at most: with more, nothing idles."""

_GROWTH = 2
"""How many times as many taps the new kernel may have."""


class StemToSpaceToDepth(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "stem-to-space-to-depth"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Conv"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Conv over two axes with equal strides over 1, whose input has few channels."""
        strides, kernel = ints(node, "strides") or (1,), sizes(node.inputs[1])
        if max(strides) == 1 or kernel is None or len(kernel) != 4 or kernel[1] > _CHANNELS or kernel[2:] == (1, 1):
            return None
        conv = convolution(node)
        if isinstance(conv, str):
            return NearMiss(conv)
        if conv.groups > 1:
            return None
        if strides[0] != strides[1] or max(conv.dilations) > 1:
            return NearMiss("the strides differ, or the convolution is dilated")
        image_size = _image(conv.source)
        if image_size is None or conv.pads is None:
            return NearMiss("the height and width are not known")
        s = strides[0]
        first = [-(p // s) - (p % s > 0) for p in conv.pads[:2]]
        blocks = [(k - 1 - p) // s - f + 1 for k, p, f in zip(conv.kernel, conv.pads[:2], first, strict=True)]
        if prod(blocks) * s * s > _GROWTH * prod(conv.kernel):
            return NearMiss(f"the kernel would grow to {blocks[0]} x {blocks[1]} blocks of {s} x {s}")
        edit, opset = Edit(), context.opset
        cuts, missing, before, behind = [], [], [-f for f in first], []
        for axis, size in enumerate(image_size):
            results = (size + conv.pads[axis] + conv.pads[axis + 2] - conv.kernel[axis]) // s + 1
            needed = results - 1 + blocks[axis] - before[axis]
            held = min(-(-size // s), max(needed, 1))
            behind.append(max(needed - held, 0))
            cuts += [(2 + axis, 0, held * s, 1)] if held * s < size else []
            missing.append(max(held * s - size, 0))
        image = sliced(edit, opset, conv.source, cuts) if cuts else conv.source
        image = zero_padded(edit, opset, image, [0] * 4, [0, 0, *missing])
        deep = edit.op("SpaceToDepth", [image], {"blocksize": s})
        sides = [d // s if isinstance(d, int) else None for d in (dims(image) or ())[2:]]
        edit.typed(deep, like=image, shape=[(dims(image) or ())[0], conv.inputs * s * s, *sides])
        new = [conv.outputs, conv.inputs * s * s, *blocks]

        def spread(old: Array) -> Array:
            whole = np.zeros((*old.shape[:2], *(b * s for b in blocks)), old.dtype)
            top, left = (-f * s - p for f, p in zip(first, conv.pads or (), strict=False))
            whole[:, :, top : top + old.shape[2], left : left + old.shape[3]] = old
            parts = whole.reshape(*old.shape[:2], blocks[0], s, blocks[1], s)
            return parts.transpose(0, 3, 5, 1, 2, 4).reshape(new)

        weight = edit.folded(spread, conv.weight, shape=new)
        pads = [*before, *behind]
        made = like(
            edit, conv, weight, conv.bias, deep, "strides", "auto_pad", "dilations", kernel_shape=blocks, pads=pads
        )
        return edit.replaces([node], {node.outputs[0]: made})


def _image(source: ir.Value) -> tuple[int, int] | None:
    """The height and width of an image, when both are known and there is one."""
    found = dims(source)
    if found is None or len(found) != 4:
        return None
    height, width = found[2:]
    return (height, width) if isinstance(height, int) and isinstance(width, int) and height and width else None
