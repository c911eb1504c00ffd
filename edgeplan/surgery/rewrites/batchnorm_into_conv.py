"""A BatchNormalization behind a convolution goes into the convolution's weights.

Before:
    c = Conv(x, w, b)           # or ConvTranspose, of any number of groups
    y = BatchNormalization(c, gamma, beta, mean, var)
After:
    y = Conv(x, w * s, (b - mean) * s + beta)       # s = gamma / sqrt(var + epsilon), a number an output channel

After training a BatchNormalization is a factor and a shift for each channel, and a convolution is linear in its
weights. Not done where the BatchNormalization still trains, where its parameters or the convolution's weights are
computed while the model runs, or where something else reads the convolution's result. Weights that several
convolutions share are copied for this one.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.affine import batchnorm, scaled_outputs
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import convolution, like
from edgeplan.surgery.looking import made_by, only_reader
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["BatchNormIntoConv"]


class BatchNormIntoConv(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "batchnorm-into-conv"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FOLD
    roots: ClassVar[frozenset[str]] = frozenset({"BatchNormalization"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a BatchNormalization whose input is made by a convolution."""
        before = made_by(node.inputs[0], "Conv", "ConvTranspose")
        if before is None:
            return None
        by = batchnorm(node, context)
        if isinstance(by, str):
            return NearMiss(by)
        conv = convolution(before)
        if isinstance(conv, str):
            return NearMiss(conv)
        if only_reader(conv.result) is not node:
            return NearMiss("something else reads the convolution's result")
        edit = Edit()
        made = like(edit, conv, *scaled_outputs(edit, conv, by))
        return edit.replaces([before, node], {node.outputs[0]: made})
