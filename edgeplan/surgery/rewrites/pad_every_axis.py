"""A Pad that names the axes it pads says a width for every axis instead.

Before:
    y = Pad(x, pads=[1, 2], axes=[3])          # x of four axes
After:
    y = Pad(x, pads=[0, 0, 0, 1, 0, 0, 0, 2])

The axes that are not named are padded by 0 either way. Naming axes came with opset 18, and some runtimes read the
older form alone. Not done where the axes or the widths are computed as the model runs.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attributes
from edgeplan.surgery.padding import pad_widths
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["PadEveryAxis"]


class PadEveryAxis(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "pad-every-axis"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Pad"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Pad with the input `axes`."""
        if len(node.inputs) < 4 or node.inputs[3] is None:
            return None
        widths = pad_widths(node, context.opset)
        if widths is None:
            return NearMiss("the axes or the widths are not known")
        edit = Edit()
        pads = edit.constant([w[0] for w in widths] + [w[1] for w in widths], ir.DataType.INT64, name="pads")
        given = [node.inputs[0], pads, *([node.inputs[2]] if node.inputs[2] is not None else [])]
        return edit.replaces([node], {node.outputs[0]: edit.op("Pad", given, attributes(node))})
