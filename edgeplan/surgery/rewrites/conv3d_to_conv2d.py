"""A convolution of volumes becomes convolutions of images.

Before:
    y = Conv(x, w, b)                             # x: N x C x D x H x W, w: M x C x 3 x 3 x 3
After, one image a depth:
    t = Transpose(Pad(x))                         # N x D x C x H x W
    y1 = Conv(Reshape(Slice(t)), w[:, :, 0], b)   # N*D x C x H x W, at each depth the slice before it
    y2 = Conv(Reshape(Slice(t)), w[:, :, 1])
    y3 = Conv(Reshape(Slice(t)), w[:, :, 2])
    y = Transpose(Reshape(y1 + y2 + y3))

A kernel of depth k is the sum of k flat kernels, each over the images that lie as deep as it does. A flat kernel
(1 x k x k) needs no sum. A kernel along the depth alone (k x 1 x 1) is one convolution of images of size D x (H*W),
and nothing is moved.

Not done where a size other than the batch is not known, where the kernel is deeper than 7, on transposed
convolutions, and where the weights are computed at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import Convolution, convolution
from edgeplan.surgery.looking import dims, sizes
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import Dim, reshaped, sliced, transposed, zero_padded

__all__ = ["Conv3dToConv2d"]

_DEEPEST = 7


class Conv3dToConv2d(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "conv3d-to-conv2d"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Conv"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Conv over three axes of known sizes."""
        kernel = sizes(node.inputs[1])
        if kernel is None or len(kernel) != 5:
            return None
        conv = convolution(node)
        if isinstance(conv, str):
            return NearMiss(conv)
        shape, pads = dims(conv.source), conv.pads
        volume = [d for d in (shape or ())[2:] if isinstance(d, int)]
        if shape is None or pads is None or len(shape) != 5 or len(volume) != 3 or 0 in volume:
            return NearMiss("the size of the volume is not known")
        made = [
            (n + pads[i] + pads[3 + i] - (k - 1) * d - 1) // s + 1
            for i, (n, k, s, d) in enumerate(zip(volume, conv.kernel, conv.strides, conv.dilations, strict=True))
        ]
        edit = Edit()
        flat = pads[1:3] + pads[4:6]
        if conv.kernel[1:] == (1, 1) and conv.strides[1:] == (1, 1) and not any(flat):
            result = _along_depth(edit, conv, shape[0], volume, made[0])
        elif conv.kernel[0] > _DEEPEST:
            return NearMiss(f"the kernel is {conv.kernel[0]} deep, over {_DEEPEST}")
        elif conv.strides[0] > 1 and context.opset < 10:
            return NearMiss("a Slice has no steps before opset 10")
        else:
            result = _image_by_image(edit, conv, shape[0], volume, made, context.opset)
        return edit.replaces([node], {node.outputs[0]: result})


def _along_depth(edit: Edit, conv: Convolution, batch: Dim, volume: list[int], depth: int) -> ir.Value:
    """The result of a kernel along the depth alone: height and width are one axis."""
    assert conv.pads is not None
    flat = reshaped(edit, conv.source, [batch, conv.inputs, volume[0], volume[1] * volume[2]])
    shape = [*(sizes(conv.weight) or ())[:3], 1]
    weight = edit.folded(lambda old: old.reshape(shape), conv.weight, shape=shape)
    pads = [conv.pads[0], 0, conv.pads[3], 0]
    made = _conv(edit, conv, flat, weight, conv.bias, (0,), pads)
    edit.typed(made, like=conv.source, shape=[batch, conv.outputs, depth, volume[1] * volume[2]])
    return reshaped(edit, made, [batch, conv.outputs, depth, *volume[1:]])


def _image_by_image(
    edit: Edit, conv: Convolution, batch: Dim, volume: list[int], made: list[int], opset: int
) -> ir.Value:
    """The result of a kernel as the sum of its flat slices, each over the images it meets."""
    assert conv.pads is not None
    images = transposed(edit, conv.source, [0, 2, 1, 3, 4])
    images = zero_padded(edit, opset, images, [0, conv.pads[0], 0, 0, 0], [0, conv.pads[3], 0, 0, 0])
    deep = volume[0] + conv.pads[0] + conv.pads[3]
    many = batch * made[0] if isinstance(batch, int) else batch if made[0] == 1 else None
    shape = sizes(conv.weight) or ()
    total: ir.Value | None = None
    for tap in range(conv.kernel[0]):
        start, step = tap * conv.dilations[0], conv.strides[0]
        end = start + (made[0] - 1) * step + 1
        met = images if (start, end, step) == (0, deep, 1) else sliced(edit, opset, images, [(1, start, end, step)])
        flat = reshaped(edit, met, [many, conv.inputs, *volume[1:]])
        weight = edit.folded(_slice(tap), conv.weight, shape=[*shape[:2], *shape[3:]])
        pads = [*conv.pads[1:3], *conv.pads[4:6]]
        one = _conv(edit, conv, flat, weight, conv.bias if total is None else None, (1, 2), pads)
        edit.typed(one, like=conv.source, shape=[many, conv.outputs, *made[1:]])
        total = one if total is None else edit.typed(edit.op("Add", [total, one]), one, dims(one))
    assert total is not None
    return transposed(edit, reshaped(edit, total, [batch, made[0], conv.outputs, *made[1:]]), [0, 2, 1, 3, 4])


def _conv(
    edit: Edit,
    conv: Convolution,
    source: ir.Value,
    weight: ir.Value,
    bias: ir.Value | None,
    axes: tuple[int, ...],
    pads: list[int],
) -> ir.Value:
    """A convolution of images with what the old one does along some of its axes; along the others nothing."""
    filled = (1,) * (2 - len(axes))
    given: dict[str, int | list[int]] = {
        "kernel_shape": [*(conv.kernel[a] for a in axes), *filled],
        "strides": [*(conv.strides[a] for a in axes), *filled],
        "dilations": [*(conv.dilations[a] for a in axes), *filled],
        "pads": pads,
        "group": conv.groups,
    }
    return edit.op("Conv", [source, weight, *([bias] if bias is not None else [])], given)


def _slice(tap: int) -> Callable[[Array], Array]:
    """What takes one flat slice of a kernel."""
    return lambda old: old[:, :, tap]
