"""RMSNormalization becomes the plain ops it stands for.

Before:
    y = RMSNormalization(x, scale, axis, epsilon)
After:
    r = Sqrt(Add(ReduceMean(Mul(x, x), axes=axis..last), epsilon))
    y = Mul(Div(x, r), scale)

The op is defined as these ops. It is new in opset 23; a runtime that does not know it takes them. Not done in half
precision, where the op computes in float32 and the plain ops would not: the squares may overflow.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import attribute, dims, floats
from edgeplan.surgery.normalization import narrow, root_mean_square
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SplitRmsNorm"]


class SplitRmsNorm(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-rmsnorm"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"RMSNormalization"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on an RMSNormalization of a known rank."""
        source, scale = node.inputs[0], node.inputs[1]
        shape = dims(source)
        if source is None or scale is None or not shape:
            return NearMiss("the rank of its input is not known")
        if (miss := narrow(source)) is not None:
            return miss
        if attribute(node, "stash_type", 1) != 1:
            return NearMiss("its statistics are not in float32")
        axes = range(attribute(node, "axis", -1) % len(shape), len(shape))
        edit = Edit()
        root = root_mean_square(edit, source, axes, floats(node, "epsilon", 1e-5), context.opset)
        made = edit.typed(edit.op("Div", [source, root]), source, shape)
        return edit.replaces([node], {node.outputs[0]: edit.op("Mul", [made, scale])})
