"""The padding of a transposed convolution becomes a Slice of its result.

Before:
    y = ConvTranspose(x, w, b, strides=[2, 2], pads=[1, 1, 1, 1])
After:
    t = ConvTranspose(x, w, b, strides=[2, 2])
    y = Slice(t)                              # one row and column less on each side

What a transposed convolution calls padding is what it cuts off its result. An output padding makes up for as much of
the cut behind. For runtimes whose transposed convolution has no padding, or not each one the op can ask for. Not done
where the op works towards a size it is given.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import convolution, like
from edgeplan.surgery.looking import attribute, dims, ints
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import END, sliced

__all__ = ["ConvTransposeCrop"]


class ConvTransposeCrop(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "conv-transpose-crop"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"ConvTranspose"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a ConvTranspose with padding."""
        if not any(ints(node, "pads") or ()) and attribute(node, "auto_pad", "NOTSET") in ("NOTSET", "VALID"):
            return None
        conv = convolution(node, computed=True)
        if isinstance(conv, str):
            return NearMiss(conv)
        if conv.pads is None:
            return NearMiss("the transposed convolution works towards a size")
        if min(conv.pads) < 0:
            return NearMiss("a pad is negative")
        if not any(conv.pads):
            return None
        before, behind = conv.pads[: conv.spatial], conv.pads[conv.spatial :]
        extra = ints(node, "output_padding") or (0,) * conv.spatial
        left = [max(e - b, 0) for e, b in zip(extra, behind, strict=True)]
        ends = [max(b - e, 0) for e, b in zip(extra, behind, strict=True)]
        edit = Edit()
        kept = {"output_padding": left} if any(left) else {}
        made = like(edit, conv, conv.weight, conv.bias, None, "pads", "auto_pad", "output_padding", **kept)
        result = dims(conv.result)
        if result is not None and len(result) == 2 + conv.spatial:
            sides = [
                d + a + b if isinstance(d, int) else None for d, a, b in zip(result[2:], before, ends, strict=True)
            ]
            edit.typed(made, like=conv.source, shape=[*result[:2], *sides])
        cuts = [(i, a, -b if b else END, 1) for i, (a, b) in enumerate(zip(before, ends, strict=True), 2) if a or b]
        whole = sliced(edit, context.opset, made, cuts) if cuts else made
        return edit.replaces([node], {node.outputs[0]: whole})
