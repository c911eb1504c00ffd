"""A Gelu op becomes the formula it stands for, and the one by tanh a sigmoid.

Before:
    y = Gelu(x)
After:
    y = x * (1 + Erf(x / 1.4142135)) * 0.5

and, where `approximate` is "tanh" (or it is ONNX Runtime's FastGelu, or the formula with Tanh itself):
    y = x * Sigmoid(x * (1.5957691 + 0.0713548 * x * x))

The first is the op's definition. The second is (1 + tanh(u)) / 2 = sigmoid(2 u) put into the definition: two ops fewer
than with Tanh, none of them Erf, Tanh or Pow, and no runtime makes a Gelu of it again. BiasGelu, Gelu and FastGelu of
ONNX Runtime's own domain are taken too. Where Erf is refused as well, see `gelu-to-tanh`. Not done where the type of x
is not known.
"""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.activation import Spelled, gelu, tanh_gelu, untold
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import attribute
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SplitGelu"]


class SplitGelu(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-gelu"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Gelu", "FastGelu", "BiasGelu", "Mul"})
    domains: ClassVar[frozenset[str]] = frozenset({"", "com.microsoft"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Gelu op, and on the last product of a GELU by tanh."""
        edit = Edit()
        if node.op_type == "Mul":
            found = gelu(node)
            if not isinstance(found, Spelled) or found.form != "tanh":
                return None
            return edit.replaces(found.nodes, {node.outputs[0]: tanh_gelu(edit, found.x)})
        x, bias = node.inputs[0], node.inputs[1] if len(node.inputs) > 1 else None
        unfit = untold(x)
        if unfit is not None or x is None:
            return unfit
        tanh = node.op_type == "FastGelu" or attribute(node, "approximate", "none") == "tanh"
        if bias is not None:
            x = edit.typed(edit.op("Add", [x, bias]), like=x)
        made = tanh_gelu(edit, x) if tanh else _by_erf(edit, x)
        return edit.replaces([node], {node.outputs[0]: made})


def _by_erf(edit: Edit, x: ir.Value) -> ir.Value:
    """The GELU as PyTorch's exporter writes it, which every runtime with a Gelu knows."""
    inner = edit.op("Erf", [edit.op("Div", [x, edit.constant(sqrt(2), dtype=x.dtype, name="gelu_root")])])
    total = edit.op("Add", [inner, edit.constant(1.0, dtype=x.dtype, name="gelu_one")])
    return edit.op("Mul", [edit.op("Mul", [x, total]), edit.constant(0.5, dtype=x.dtype, name="gelu_half")])
