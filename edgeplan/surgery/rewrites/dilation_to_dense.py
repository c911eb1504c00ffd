"""A dilated convolution becomes a dense one, with zeros between the old taps of its kernel.

Before:
    y = Conv(x, w, b, dilations=[2, 2])       # w: 3 x 3
After:
    y = Conv(x, w', b)                        # w': 5 x 5, zero at every second row and column

A kernel of k taps at dilation d reaches over d * (k - 1) + 1 positions, and a zero adds nothing to a sum. Padding,
strides and groups stay as they are. The work and the weights grow with the kernel: it is done only where they grow
four times at most. Not done where the weights are computed at run time. An infinity or a NaN in the input now
meets zeros, which makes NaN of it.
"""

from __future__ import annotations

from math import prod
from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import convolution, like
from edgeplan.surgery.looking import ints, sizes
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["DilationToDense"]

_GROWTH = 4
"""How many times as much work the dense kernel may be."""


class DilationToDense(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "dilation-to-dense"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Conv", "ConvTranspose"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a convolution with a dilation over 1."""
        if max(ints(node, "dilations") or (1,)) == 1:
            return None
        conv = convolution(node)
        if isinstance(conv, str):
            return NearMiss(conv)
        dense = tuple((k - 1) * d + 1 for k, d in zip(conv.kernel, conv.dilations, strict=True))
        growth = prod(dense) / prod(conv.kernel)
        if growth > _GROWTH:
            return NearMiss(f"the dense kernel would be {growth:.1f} times the work, over {_GROWTH}")
        shape = [*(sizes(conv.weight) or ())[:2], *dense]
        between = (slice(None), slice(None), *(slice(None, None, d) for d in conv.dilations))

        def spread(taps: Array) -> Array:
            made = np.zeros(shape, taps.dtype)
            made[between] = taps
            return made

        edit = Edit()
        weight = edit.folded(spread, conv.weight, shape=shape)
        made = like(edit, conv, weight, conv.bias, None, "dilations", kernel_shape=list(dense))
        return edit.replaces([node], {node.outputs[0]: made})
