"""A transposed convolution of stride s becomes a convolution with s x s times the channels, and DepthToSpace.

Before:
    y = ConvTranspose(x, w, b, strides=[2, 2], pads=[1, 1, 1, 1])     # w: C x M x 4 x 4
After:
    c = Conv(x, w', b', pads=[1, 1, 1, 1])                            # w': 4*M x C x 2 x 2
    d = DepthToSpace(c, blocksize=2)
    y = Slice(d)                                                      # only where an edge is left over

Each result position reads every s-th tap of the kernel; which of them depends on the position modulo s alone. The
convolution works out the results of all s x s remainders as channels of one position, with as many multiplications
as before (taps are filled up with zeros to a multiple of s). Kernel = stride gives a 1x1 convolution and no Slice.
Stride 1 gives a Conv with the kernel turned around, alone. Groups stay groups: then the channels are laid out as in
PixelShuffle (mode CRD, opset 11), else as TFLite and Core ML want them (mode DCR). Where the strides differ, as on
one axis, Reshape and Transpose of rank 5 do what DepthToSpace does.

Not done where the weights are computed at run time, where the op is dilated, where it chooses what it cuts off by a
size it is given, and where it cuts off more than the kernel reaches.
"""

from __future__ import annotations

from math import prod
from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import Convolution, convolution
from edgeplan.surgery.looking import dims, ints
from edgeplan.surgery.reshaping import merged
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import END, reshaped, sliced, transposed

__all__ = ["ConvTransposeToDepthToSpace"]


class ConvTransposeToDepthToSpace(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "conv-transpose-to-depth-to-space"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"ConvTranspose"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a ConvTranspose with constant weights and fixed padding."""
        conv = convolution(node)
        if isinstance(conv, str):
            return NearMiss(conv)
        if max(conv.dilations) > 1:
            return NearMiss("the transposed convolution is dilated")
        shape, pads = dims(conv.source), conv.pads
        if pads is None:
            return NearMiss("the transposed convolution works towards a size")
        if shape is None or len(shape) != 2 + conv.spatial:
            return NearMiss("the rank of the input is not known")
        extra = ints(node, "output_padding") or (0,) * conv.spatial
        axes = [_axis(conv, axis, extra[axis]) for axis in range(conv.spatial)]
        plans = [a for a in axes if a is not None]
        if len(plans) != conv.spatial:
            return NearMiss("it cuts off more than its kernel reaches, or adds more")
        block = prod(conv.strides)
        square = conv.spatial == 2 and conv.strides[0] == conv.strides[1]
        free = sum(not isinstance(d, int) for d in shape[2:]) + (shape[0] is None)
        if block > 1 and not square and free > 1:
            return NearMiss("the sizes are not known, and the strides differ")
        inner = block > 1 and (conv.groups > 1 or not square)
        if inner and square and context.opset < 11:
            return NearMiss("DepthToSpace has no mode CRD before opset 11")
        edit = Edit()
        weight, bias = _weights(edit, conv, [(p[0], p[1]) for p in plans], inner)
        around = [*(p[2] for p in plans), *(p[3] for p in plans)]
        inputs = [conv.source, weight, *([bias] if bias is not None else [])]
        kept = {"group": conv.groups} if conv.groups > 1 else {}
        made = edit.op("Conv", inputs, {"kernel_shape": [p[1] for p in plans], "pads": around, **kept})
        sides = [
            d + p[2] + p[3] - p[1] + 1 if isinstance(d, int) else None for d, p in zip(shape[2:], plans, strict=True)
        ]
        edit.typed(made, like=conv.source, shape=[shape[0], conv.outputs * block, *sides])
        if square and block > 1:
            mode = {"mode": "CRD"} if inner else {}
            made = edit.op("DepthToSpace", [made], {"blocksize": conv.strides[0], **mode})
            tall = [d * s if isinstance(d, int) else None for d, s in zip(sides, conv.strides, strict=True)]
            edit.typed(made, like=conv.source, shape=[shape[0], conv.outputs, *tall])
        elif block > 1:
            made = _shuffled(edit, made, conv.outputs, conv.strides)
        cuts = [(2 + i, p[4], -p[5] if p[5] else END, 1) for i, p in enumerate(plans) if p[4] or p[5]]
        if cuts:
            made = sliced(edit, context.opset, made, cuts)
        return edit.replaces([node], {node.outputs[0]: made})


def _axis(conv: Convolution, axis: int, extra: int) -> tuple[int, int, int, int, int, int] | None:
    """How one axis is worked out: the tap that the first remainder reads of the position right behind the last one it
    reads, plus one; the new kernel's size; the zeros before and behind the input; what to cut off before and behind.

    Where old and new kernel need not be aligned for the same number of multiplications, nothing is cut off before.
    """
    assert conv.pads is not None
    k, s = conv.kernel[axis], conv.strides[axis]
    before, behind = conv.pads[axis], conv.pads[axis + conv.spatial]
    if before < 0 or behind < 0:
        return None
    fewest = -(-k // s)
    for cut in range(s):
        shifted = before - cut
        first, last = -((k - 1 - shifted) // s), (s - 1 + shifted) // s
        if last - first + 1 == fewest:
            break
    outputs = k - s - before - behind + extra  # beyond s a position of the input
    positions = -(-(outputs + cut) // s)  # beyond one a position of the input
    ahead, after = -first, positions + last
    if ahead < 0:
        return None
    spare = max(-after, 0)
    positions, after = positions + spare, max(after, 0)
    return shifted, fewest, ahead, after, cut, positions * s - cut - outputs


def _weights(
    edit: Edit, conv: Convolution, axes: list[tuple[int, int]], inner: bool
) -> tuple[ir.Value, ir.Value | None]:
    """Weights and bias: for each remainder the taps it reads; `inner`: the remainders of a channel are neighbours."""
    groups, kernel, strides = conv.groups, conv.kernel, conv.strides
    block = prod(strides)
    shape = [conv.outputs * block, conv.inputs // groups, *(size for _, size in axes)]

    def taps(old: Array) -> Array:
        out = conv.outputs // groups
        whole = old.reshape(groups, conv.inputs // groups, out, *kernel)
        made = np.zeros((groups, out, *strides, *shape[1:]), old.dtype)
        for remainder in np.ndindex(*strides):
            for place in np.ndindex(*shape[2:]):
                tap = tuple(
                    a + shifted - s * (u + -((k - 1 - shifted) // s))
                    for a, u, s, k, (shifted, _) in zip(remainder, place, strides, kernel, axes, strict=True)
                )
                if all(0 <= t < k for t, k in zip(tap, kernel, strict=True)):
                    picked = whole[(slice(None), slice(None), slice(None), *tap)]
                    made[(slice(None), slice(None), *remainder, slice(None), *place)] = picked.transpose(0, 2, 1)
        if not inner:  # remainders first: there is one group
            made = np.moveaxis(made, 1, 1 + len(strides))
        return made.reshape(shape)

    def spread(old: Array) -> Array:
        return np.repeat(old, block) if inner else np.tile(old, block)

    weight = edit.folded(taps, conv.weight, shape=shape)
    return weight, edit.folded(spread, conv.bias, shape=shape[:1]) if conv.bias is not None else None


def _shuffled(edit: Edit, value: ir.Value, channels: int, strides: tuple[int, ...]) -> ir.Value:
    """The remainders, which follow each channel, moved to their places, one axis after the other."""
    shape = list(dims(value) or ())
    left = prod(strides)
    for axis, s in enumerate(strides, 2):
        if s == 1:
            continue
        left //= s
        apart = [shape[0], channels, s, merged([left, *shape[2 : axis + 1]]), *shape[axis + 1 :]]
        order = [0, 1, 3, 2, *range(4, len(apart))]
        shape[1], shape[axis] = channels * left, merged([shape[axis], s])
        value = reshaped(edit, transposed(edit, reshaped(edit, value, apart), order), shape)
    return value
