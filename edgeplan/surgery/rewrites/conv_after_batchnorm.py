"""A BatchNormalization before a convolution goes into the convolution's weights.

Before:
    n = BatchNormalization(x, gamma, beta, mean, var)
    y = Conv(n, w, b)           # no padding
After:
    y = Conv(x, w * s, b + sum of w * t)    # s = gamma / sqrt(var + epsilon), t = beta - mean * s, an input channel

Every weight meets one input channel, so that channel's factor can stand in the weight, and its shift, the same at every
position, adds up to a number an output channel. Not done where the convolution pads with zeros: they are not shifted,
so the bias at the border is another one (unless beta and mean are all zero). Not done where something else reads the
normalised tensor, or an activation stands between.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.affine import Affine, batchnorm, scaled_inputs
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import convolution, like
from edgeplan.surgery.looking import floats, known, made_by, only_reader
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["ConvAfterBatchNorm"]


class ConvAfterBatchNorm(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "conv-after-batchnorm"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FOLD
    roots: ClassVar[frozenset[str]] = frozenset({"Conv"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Conv whose input is made by a BatchNormalization."""
        before = made_by(node.inputs[0], "BatchNormalization")
        if before is None:
            return None
        by = batchnorm(before, context)
        if isinstance(by, str):
            return NearMiss(by)
        conv = convolution(node)
        if isinstance(conv, str):
            return NearMiss(conv)
        if only_reader(before.outputs[0]) is not node:
            return NearMiss("something else reads the normalised tensor")
        if conv.padded:
            unshifted = _unshifted(by)
            if unshifted is None:
                return NearMiss("the convolution pads with zeros, which the BatchNormalization does not shift")
            by = unshifted
        edit = Edit()
        made = like(edit, conv, *scaled_inputs(edit, conv, by), by.data)
        return edit.replaces([before, node], {node.outputs[0]: made})


def _unshifted(by: Affine) -> Affine | None:
    """A BatchNormalization as a factor alone, where its shift is known to be exactly 0 for every channel."""
    shift, scale, mean, variance = by.sources
    contents = known(shift), known(mean)
    if any(c is None or c.any() for c in contents):
        return None
    epsilon = floats(by.node, "epsilon", 1e-5)

    def compute(scale: Array, variance: Array) -> tuple[Array, Array]:
        return scale / np.sqrt(variance + epsilon), np.zeros_like(scale)

    return Affine(by.node, by.data, (scale, variance), compute, False)
