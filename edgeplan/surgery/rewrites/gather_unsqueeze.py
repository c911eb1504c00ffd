"""A Gather of one element and the Unsqueeze behind it become a Gather of a row of one.

Before:
    a = Gather<axis=0>(s, 2)                # a scalar index: the axis goes
    y = Unsqueeze(a, [0])                   # and comes back
    b = Gather<axis=1>(x, [3])
    z = Squeeze(b, [1])
After:
    y = Gather<axis=0>(s, [2])
    z = Gather<axis=1>(x, 3)

How an index is written says whether its axis stays. Exporters gather a size as a scalar and make a row of it again to
put a shape together. Not done where the Unsqueeze makes an axis at another place, where the index is not known before
the model runs, or where something else reads what the Gather gives.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attribute, attributes, dims, ints, is_output, known, made_by, readers
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["GatherUnsqueeze"]


class GatherUnsqueeze(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "gather-unsqueeze"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset({"Squeeze", "Unsqueeze"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the Unsqueeze, or Squeeze, of what a Gather with a known index gives."""
        gather = made_by(node.inputs[0], "Gather")
        if gather is None or gather.graph is not node.graph or known(node.outputs[0]) is not None:
            return None
        index, data, axes = known(gather.inputs[1]), dims(gather.inputs[0]), _axes(node, context.opset)
        row = node.op_type == "Unsqueeze"
        if index is None or index.size != 1 or index.ndim != (0 if row else 1) or not data or axes is None:
            return None
        axis = int(attribute(gather, "axis", 0)) % len(data)
        if len(axes) != 1 or axes[0] % len(data) != axis:
            return None
        alike = [r for r in readers(gather.outputs[0]) if _axes(r, context.opset) == axes and r.op_type == node.op_type]
        if is_output(gather.outputs[0]) or len(alike) < len(readers(gather.outputs[0])):
            return NearMiss("something else reads what the Gather gives")
        edit = Edit()
        told = edit.constant(index.reshape([1] if row else []).astype(np.int64), ir.DataType.INT64, name="index")
        made = edit.op("Gather", [gather.inputs[0], told], attributes(gather))
        edit.typed(made, like=node.outputs[0], shape=dims(node.outputs[0]))
        return edit.replaces([gather, *alike], {r.outputs[0]: made for r in alike})


def _axes(node: ir.Node, opset: int) -> tuple[int, ...] | None:
    """The axes a Squeeze or Unsqueeze names."""
    if node.op_type not in ("Squeeze", "Unsqueeze"):
        return None
    if opset < 13:
        return ints(node, "axes")
    found = known(node.inputs[1]) if len(node.inputs) > 1 else None
    return None if found is None else tuple(int(i) for i in found.reshape(-1))
