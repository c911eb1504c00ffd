"""GroupNormalization becomes InstanceNormalization of the groups.

Before:
    y = GroupNormalization(x, scale, bias, num_groups=G, epsilon)
After:
    g = Reshape(x, [N, G, -1])
    i = InstanceNormalization(g, ones, zeros, epsilon)
    y = Add(Mul(Reshape(i, shape of x), scale as C,1,1), bias as C,1,1)

A group is one channel of the reshaped tensor, so its mean and variance are that channel's. Before opset 21 scale and
bias are one number a group, and go into the InstanceNormalization themselves; so they do where each channel is a group
of its own. Exporters of older opsets write groups in this way; the op is new, and many runtimes do not know it. Not
done where more sizes are open than a Reshape can leave open.
"""

from __future__ import annotations

from math import prod
from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import attribute, dims, floats, sizes
from edgeplan.surgery.normalization import per_channel
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import reshaped

__all__ = ["SplitGroupNorm"]

_PER_CHANNEL = 21
"""The opset from which scale and bias are one number a channel; before, they are one a group."""


class SplitGroupNorm(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-groupnorm"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"GroupNormalization"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a GroupNormalization of a shape with one open size at most."""
        source, scale, bias = node.inputs[:3]
        shape, groups = dims(source), attribute(node, "num_groups", 0)
        if source is None or scale is None or bias is None or shape is None or len(shape) < 3:
            return NearMiss("the rank of its input is not known")
        batch, channels, spatial = shape[0], shape[1], shape[2:]
        if not isinstance(channels, int) or groups < 1 or channels % groups:
            return NearMiss("the channels are not known to part into its groups")
        size = channels if context.opset >= _PER_CHANNEL else groups
        if sizes(scale) != (size,) or sizes(bias) != (size,):
            return NearMiss("the shape of the scale or the bias is not known")
        epsilon = {"epsilon": floats(node, "epsilon", 1e-5)}
        edit = Edit()
        if groups == channels:
            made = edit.op("InstanceNormalization", [source, scale, bias], epsilon)
            return edit.replaces([node], {node.outputs[0]: edit.typed(made, source, shape)})
        if (batch is None) + sum(not isinstance(d, int) for d in spatial) > 1:
            return NearMiss("more than one size is open, and a Reshape can leave one open")
        known = [d for d in spatial if isinstance(d, int)]
        length = channels // groups * prod(known) if len(known) == len(spatial) else None
        grouped = reshaped(edit, source, [batch, groups, length])
        inner = [scale, bias]
        if size != groups:
            inner = [edit.constant(np.full(groups, v), source.dtype, name="neutral") for v in (1.0, 0.0)]
        made = edit.op("InstanceNormalization", [grouped, *inner], epsilon)
        made = reshaped(edit, edit.typed(made, source, dims(grouped)), shape)
        if size != groups:
            made = per_channel(edit, made, scale, bias)
        return edit.replaces([node], {node.outputs[0]: made})
