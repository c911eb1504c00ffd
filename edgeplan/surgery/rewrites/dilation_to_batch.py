"""A dilated convolution becomes a dense one on d x d smaller images, laid side by side on the batch axis.

Before:
    y = Conv(x, w, b, dilations=[d, d], pads=p)           # x: N x C x H x W
After:
    s = SpaceToDepth(x, blocksize=d)                      # after a Pad, where H or W is no multiple of d
    t = Reshape(s, [N*d*d, C, H/d, W/d])
    c = Conv(t, w, b, pads=p/d)                           # the same weights, no dilation
    y = DepthToSpace(Reshape(c, [N, d*d*M, H/d, W/d]), blocksize=d)

The taps of a dilated kernel lie d apart, so every result reads positions of one remainder modulo d alone: those
are one of the smaller images, in which the taps are neighbours. Where the directions have different dilations, and
on one or three axes, the images are taken apart and put together by Reshape and Transpose, of rank 5 at most.

Not done where the height or width is not known beforehand, where a stride other than 1 meets the dilation, and
where the padding up to multiples of d would make most of the smaller images.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import Convolution, convolution, like
from edgeplan.surgery.looking import dims, ints
from edgeplan.surgery.reshaping import merged
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import Dim, reshaped, sliced, transposed, zero_padded

__all__ = ["DilationToBatch"]

_GROWTH = 4
"""How many times as many positions the smaller images may have together, padding included."""


class DilationToBatch(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "dilation-to-batch"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Conv"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Conv with a dilation over 1, of known height and width."""
        if max(ints(node, "dilations") or (1,)) == 1:
            return None
        conv = convolution(node, computed=True)
        if isinstance(conv, str):
            return NearMiss(conv)
        shape = dims(conv.source)
        if shape is None or len(shape) != 2 + conv.spatial or conv.pads is None:
            return NearMiss("the height and width are not known")
        image = tuple(d for d in shape[2:] if isinstance(d, int))
        if len(image) != conv.spatial or min(image) == 0 or shape[1] != conv.inputs:
            return NearMiss("the channels, or the height and width, are not known")
        if any(s > 1 and d > 1 for s, d in zip(conv.strides, conv.dilations, strict=True)):
            return NearMiss("the dilated convolution has a stride")
        cuts = [_cut(conv, axis, size) for axis, size in enumerate(image)]
        wide = [n + sum(outer) for n, (outer, _, _) in zip(image, cuts, strict=True)]
        if prod(wide) > _GROWTH * prod(image):
            return NearMiss("most of the smaller images would be padding")
        outer, inner, crop = zip(*cuts, strict=True)
        edit, opset = Edit(), context.opset
        before, behind = ([0, 0, *side] for side in zip(*outer, strict=True))
        apart = _to_batch(edit, zero_padded(edit, opset, conv.source, before, behind), conv.dilations)
        pads = [*(a for a, _ in inner), *(b for _, b in inner)]
        made = like(edit, conv, conv.weight, conv.bias, apart, "dilations", "auto_pad", pads=pads)
        sides = []
        for size, (begin, end), k, s in zip((dims(apart) or ())[2:], inner, conv.kernel, conv.strides, strict=True):
            assert isinstance(size, int)
            sides.append((size + begin + end - k) // s + 1)
        edit.typed(made, like=conv.source, shape=[(dims(apart) or ())[0], conv.outputs, *sides])
        whole = _from_batch(edit, made, conv.dilations, shape[0])
        if any(crop):
            whole = sliced(edit, opset, whole, [(2 + i, 0, -n, 1) for i, n in enumerate(crop) if n])
        return edit.replaces([node], {node.outputs[0]: whole})


def _cut(conv: Convolution, axis: int, size: int) -> tuple[tuple[int, int], tuple[int, int], int]:
    """For one axis: zeros put around the image, zeros the dense convolution puts around the smaller ones, and how
    much of the result is too much.

    Padding by multiples of the dilation is left to the dense convolution. Only what is left over, and what is missing
    to a multiple, is put around the image.
    """
    assert conv.pads is not None
    dilation, before, behind = conv.dilations[axis], conv.pads[axis], conv.pads[axis + conv.spatial]
    if dilation == 1:
        return (0, 0), (before, behind), 0
    first = before % dilation
    last = -(size + first) % dilation
    inner = max(-(-(behind - last) // dilation), 0)
    return (first, last), (before // dilation, inner), last + inner * dilation - behind


def _to_batch(edit: Edit, value: ir.Value, dilations: Sequence[int]) -> ir.Value:
    """The smaller images of each image, on the batch axis."""
    shape = list(dims(value) or ())
    if _square(dilations):
        d = dilations[0]
        batch, channels, height, width = shape
        small = [_divided(height, d), _divided(width, d)]
        deep = edit.op("SpaceToDepth", [value], {"blocksize": d})
        edit.typed(deep, like=value, shape=[batch, merged([channels, d * d]), *small])
        return reshaped(edit, deep, [merged([batch, d * d]), channels, *small])
    for axis, d in enumerate(dilations, 2):
        if d == 1:
            continue
        ahead, after = merged(shape[1:axis]), merged(shape[axis + 1 :])
        whole = reshaped(edit, value, [shape[0], ahead, _divided(shape[axis], d), d, after])
        shape[0], shape[axis] = merged([shape[0], d]), _divided(shape[axis], d)
        value = reshaped(edit, transposed(edit, whole, [0, 3, 1, 2, 4]), shape)
    return value


def _from_batch(edit: Edit, value: ir.Value, dilations: Sequence[int], batch: Dim) -> ir.Value:
    """The images put together again of smaller ones."""
    shape = list(dims(value) or ())
    if _square(dilations):
        d = dilations[0]
        deep = reshaped(edit, value, [batch, merged([shape[1], d * d]), *shape[2:]])
        made = edit.op("DepthToSpace", [deep], {"blocksize": d})
        return edit.typed(made, like=value, shape=[batch, shape[1], *(merged([n, d]) for n in shape[2:])])
    left = prod(dilations)
    for axis, d in reversed(list(enumerate(dilations, 2))):
        if d == 1:
            continue
        left //= d
        shape[0] = merged([batch, left])
        ahead, after = merged(shape[1:axis]), merged(shape[axis + 1 :])
        apart = reshaped(edit, value, [shape[0], d, ahead, shape[axis], after])
        shape[axis] = merged([shape[axis], d])
        shape[0] = batch if left == 1 else shape[0]
        value = reshaped(edit, transposed(edit, apart, [0, 2, 3, 1, 4]), shape)
    return value


def _square(dilations: Sequence[int]) -> bool:
    return len(dilations) == 2 and dilations[0] == dilations[1]


def _divided(dim: Dim, by: int) -> Dim:
    return dim // by if isinstance(dim, int) else None
