"""LRN becomes a 1x1 convolution of the squares, and a division.

Before:
    y = LRN(x, size, alpha, beta, bias)
After:
    s = Conv(Mul(x, x), w, bias)        # w[c, k] = alpha / size where k lies in the window around c, else 0
    y = Div(x, Pow(s, beta))            # for beta 0.75 as Sqrt(s) * Sqrt(Sqrt(s))

The sum of squares over a window of channels is linear in the squares, so a convolution without extent computes it.
Runtimes that lack LRN on their accelerator have convolutions on it. Not done in half precision, where squares may
overflow, for windows of an even number of channels, which have no middle, or for more than 1024 channels, whose
window matrix would be large.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import attribute, dims, floats
from edgeplan.surgery.normalization import narrow
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SplitLrn"]

_MOST_CHANNELS = 1024


class SplitLrn(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-lrn"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"LRN"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on an LRN of an image with a known number of channels."""
        source, size = node.inputs[0], attribute(node, "size")
        shape = dims(source)
        if source is None or shape is None or len(shape) != 4 or not isinstance(shape[1], int):
            return NearMiss("it is not of images with a known number of channels")
        if size % 2 == 0:
            return NearMiss(f"a window of {size} channels has no middle, and runtimes do not agree on it")
        if (miss := narrow(source)) is not None:
            return miss
        channels = shape[1]
        if channels > _MOST_CHANNELS:
            return NearMiss(f"{channels} channels would need a window matrix of {channels} by {channels}")
        apart = np.subtract.outer(np.arange(channels), np.arange(channels))
        inside = abs(apart) <= size // 2
        window = inside * (floats(node, "alpha", 1e-4) / size)
        edit = Edit()
        weight = edit.constant(window.reshape(channels, channels, 1, 1), source.dtype, "window")
        bias = edit.constant(np.full(channels, floats(node, "bias", 1.0)), source.dtype, "bias")
        squares = edit.typed(edit.op("Mul", [source, source]), source, shape)
        total = edit.typed(edit.op("Conv", [squares, weight, bias]), source, shape)
        made = edit.op("Div", [source, _power(edit, total, floats(node, "beta", 0.75))])
        return edit.replaces([node], {node.outputs[0]: edit.typed(made, source, shape)})


def _power(edit: Edit, base: ir.Value, beta: float) -> ir.Value:
    """`base` to the power of `beta`, by square roots where they do."""
    if beta == 1:
        return base
    if beta not in (0.5, 0.75):
        return edit.typed(edit.op("Pow", [base, edit.constant(beta, base.dtype)]), base, dims(base))
    root = edit.typed(edit.op("Sqrt", [base]), base, dims(base))
    if beta == 0.5:
        return root
    return edit.typed(edit.op("Mul", [root, edit.op("Sqrt", [root])]), base, dims(base))
