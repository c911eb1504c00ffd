"""Taps of a kernel that meet nothing but padding are cut off.

Before:
    y = Conv(x, w, b, pads=[1, 1, 1, 1])                          # w: 3 x 3, x: 1 pixel high and wide
    z = Conv(u, v, dilations=[36, 36], pads=[36, 36, 36, 36])     # v: 3 x 3, u: 28 x 28
After:
    y = Conv(x, w[:, :, 1:2, 1:2], b)                             # 1 x 1
    z = Conv(u, v[:, :, 1:2, 1:2], dilations=[36, 36])            # 1 x 1

A zero of the padding adds nothing to a sum, and on a small image the outer taps of a kernel never get to see anything
else: so it is in the last layers of detectors, and where a network is dilated further than its images are wide. What
is left gives the same result with less work and fewer weights. Not done where the height or width is not known: another
image could be larger. Not done on transposed convolutions, and where the weights are computed at run time.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import Convolution, convolution, like
from edgeplan.surgery.looking import dims, ints, sizes
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["TrimKernel"]


class TrimKernel(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "trim-kernel"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FOLD
    roots: ClassVar[frozenset[str]] = frozenset({"Conv"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a padded Conv with a tap that lies in the padding wherever the kernel stands."""
        kernel = (sizes(node.inputs[1]) or (1, 1))[2:]
        if not any(k > 1 for k in kernel) or ("pads" not in node.attributes and "auto_pad" not in node.attributes):
            return None
        image = (dims(node.inputs[0]) or ())[2:]
        reach = [(k - 1) * d for k, d in zip(kernel, ints(node, "dilations") or (1,) * len(kernel), strict=True)]
        if len(image) != len(kernel) or not any(
            isinstance(n, int) and n <= r for n, r in zip(image, reach, strict=True)
        ):
            return None  # every tap meets the image somewhere, or nobody can know
        conv = convolution(node)
        if isinstance(conv, str):
            return NearMiss(conv)
        if conv.pads is None:
            return None
        kept = [_kept(conv, axis, size) for axis, size in enumerate(image)]
        if all(k == (0, n) for k, n in zip(kept, conv.kernel, strict=True)):
            return None
        edit = Edit()
        picked = (slice(None), slice(None), *(slice(start, end) for start, end in kept))
        taps = [end - start for start, end in kept]
        shape = [*(sizes(conv.weight) or ())[:2], *taps]
        weight = edit.folded(lambda old: old[picked], conv.weight, shape=shape)
        spans = list(zip(conv.kernel, conv.dilations, kept, strict=True))
        before = [p - start * d for p, (_, d, (start, _)) in zip(conv.pads, spans, strict=False)]
        behind = [p - (k - end) * d for p, (k, d, (_, end)) in zip(conv.pads[len(spans) :], spans, strict=True)]
        pads = [*before, *behind]
        made = like(edit, conv, weight, conv.bias, None, "auto_pad", kernel_shape=taps, pads=pads)
        return edit.replaces([node], {node.outputs[0]: made})


def _kept(conv: Convolution, axis: int, size: int | str | None) -> tuple[int, int]:
    """The taps along an axis, from the first to behind the last, that meet the image, or that padding cannot spare."""
    assert conv.pads is not None
    k, s, d = conv.kernel[axis], conv.strides[axis], conv.dilations[axis]
    before, behind = conv.pads[axis], conv.pads[axis + conv.spatial]
    if not isinstance(size, int) or size == 0:
        return 0, k
    last = (size + before + behind - (k - 1) * d - 1) // s * s
    live = [t for t in range(k) if any(0 <= at + t * d - before < size for at in range(0, last + 1, s))]
    if not live:
        return 0, k
    return min(live[0], before // d), max(live[-1] + 1, k - behind // d)
