"""A convolution with a large kernel becomes the sum of convolutions with the blocks of its kernel.

Before:
    y = Conv(x, w, b, pads=[4, 4, 4, 4])                  # w: 9 x 9
After:
    y1 = Conv(x, w[..., :5], b, pads=[4, 4, 4, 0])        # 9 x 5
    y2 = Conv(Slice(x), w[..., 5:], pads=[4, 0, 4, 4])    # 9 x 4, over the image cut at its left edge
    y = Add(y1, y2)

A convolution is a sum over its taps, so the taps can be added up block by block. A block reads the same image
shifted: what it does not reach is cut off, what it reaches beyond the edge is its padding. A block that meets
padding alone is left out. Blocks are 8 wide and 29 tall at most: Apple calls kernels expensive above all along the
width, and the Neural Engine rejects float16 ones wider than 13 or 16, or taller than 29 or 32. A chain of two
smaller kernels would be cheaper and is another function: only training finds it.

Not done where a size is not known, and where the weights are computed at run time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import Convolution, convolution, like
from edgeplan.surgery.looking import dims, sizes
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import END, sliced

__all__ = ["LargeKernelToSum"]

_WIDE, _TALL = 8, 29
"""Sizes of a block at most, along the last axis and along the others."""

_BLOCKS = 16


class LargeKernelToSum(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "large-kernel-to-sum"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Conv"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Conv whose kernel is wider or taller than a block."""
        shape = sizes(node.inputs[1])
        if shape is None or len(shape) < 3 or (shape[-1] <= _WIDE and max(shape[2:]) <= _TALL):
            return None
        conv = convolution(node)
        if isinstance(conv, str):
            return NearMiss(conv)
        image = [d for d in (dims(conv.source) or ())[2:] if isinstance(d, int)]
        if len(image) != conv.spatial or conv.pads is None or 0 in image:
            return NearMiss("the height and width are not known")
        axes = [_blocks(conv, axis, size) for axis, size in enumerate(image)]
        count = prod(map(len, axes))
        if not 0 < count <= _BLOCKS:
            return NearMiss(f"it would take {count} convolutions, not 1 to {_BLOCKS}")
        edit = Edit()
        total: ir.Value | None = None
        for blocks in product(*axes):
            made = _part(edit, conv, blocks, context.opset, conv.bias if total is None else None)
            edit.typed(made, like=conv.source, shape=dims(conv.result))
            total = made if total is None else edit.typed(edit.op("Add", [total, made]), made, dims(conv.result))
        assert total is not None
        return edit.replaces([node], {node.outputs[0]: total})


@dataclass(frozen=True, slots=True)
class _Block:
    """Some neighbouring taps along one axis: which, the part of the image they reach, and the zeros around it."""

    first: int
    taps: int
    start: int
    end: int
    before: int
    behind: int


def _blocks(conv: Convolution, axis: int, size: int) -> list[_Block]:
    """The blocks along an axis of an image, but those that meet padding alone."""
    assert conv.pads is not None
    k, s, d = conv.kernel[axis], conv.strides[axis], conv.dilations[axis]
    before, behind = conv.pads[axis], conv.pads[axis + conv.spatial]
    count = -(-k // (_WIDE if axis == conv.spatial - 1 else _TALL))
    last = (size + before + behind - (k - 1) * d - 1) // s * s
    found = []
    for i in range(count):
        first, behind_it = k * i // count, k * (i + 1) // count
        low, high = first * d - before, last + (behind_it - 1) * d - before
        if low >= size or high < 0 or last < 0:
            continue
        spare = size - 1 - high
        end = END if spare < s else high + 1
        found.append(_Block(first, behind_it - first, max(low, 0), end, max(-low, 0), max(-spare, 0)))
    return found


def _part(edit: Edit, conv: Convolution, blocks: Sequence[_Block], opset: int, bias: ir.Value | None) -> ir.Value:
    """The convolution with one block of the kernel."""
    picked = (slice(None), slice(None), *(slice(b.first, b.first + b.taps) for b in blocks))
    taps = [b.taps for b in blocks]
    shape = [*(sizes(conv.weight) or ())[:2], *taps]
    weight = edit.folded(lambda old: old[picked], conv.weight, shape=shape) if taps != [*conv.kernel] else conv.weight
    cuts = [(2 + i, b.start, b.end, 1) for i, b in enumerate(blocks) if b.start or b.end != END]
    source = sliced(edit, opset, conv.source, cuts) if cuts else conv.source
    pads = [*(b.before for b in blocks), *(b.behind for b in blocks)]
    return like(edit, conv, weight, bias, source, "auto_pad", kernel_shape=taps, pads=pads)
