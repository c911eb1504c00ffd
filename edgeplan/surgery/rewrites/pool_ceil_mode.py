"""A pool that rounds its output size up says how far it pads instead.

Before:
    y = MaxPool(x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)             # x: [N, C, 112, 112]
After:
    y = MaxPool(x, kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1])

Rounded up, the last window reaches past the end; what lies there does not count for a maximum, for a sum of powers,
nor for an average that leaves padding out. With that much padding the size comes out whole. Not done for averages
that count padding, since they count the one and not the other (see `average-pool-padding`); where the sizes are open;
or where the padding would be as wide as the window.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attribute, attributes, is_used
from edgeplan.surgery.pooling import pool
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["PoolCeilMode"]


class PoolCeilMode(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "pool-ceil-mode"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"MaxPool", "AveragePool", "LpPool"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a pool with `ceil_mode`."""
        if not attribute(node, "ceil_mode", 0):
            return None
        if any(map(is_used, node.outputs[1:])):
            return NearMiss("the pool gives the places of the maxima, too")
        found = pool(node)
        if isinstance(found, str):
            return NearMiss(found)
        if found.beyond is None:
            return NearMiss("the sizes are not known")
        if attribute(node, "count_include_pad", 0):
            return NearMiss("padding counts for the average, what lies beyond it does not")
        behind = [q + e for q, e in zip(found.behind, found.beyond, strict=True)]
        if any(q >= k for q, k in zip(behind, found.kernel, strict=True)):
            return NearMiss("the padding would be as wide as the window")
        edit = Edit()
        given = {**attributes(node, "ceil_mode", "auto_pad", "pads"), "pads": [*found.before, *behind]}
        return edit.replaces([node], {node.outputs[0]: edit.op(node.op_type, [node.inputs[0]], given)})
