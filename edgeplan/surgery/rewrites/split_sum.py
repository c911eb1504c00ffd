"""Sum and Mean of several tensors become Adds.

Before:
    y = Sum(a, b, c)
    z = Mean(a, b, c)
After:
    y = Add(Add(a, b), c)
    z = Mul(Add(Add(a, b), c), 1 / 3)

The ops are defined so. Runtimes that lack the ops of many inputs have the one of two. Not done where the type of the
tensors is not known.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SplitSum"]


class SplitSum(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "split-sum"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Mean", "Sum"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on any Sum or Mean."""
        source = node.inputs[0]
        if source is None or source.dtype is None:
            return NearMiss("the type of its input is not known")
        terms = [v for v in node.inputs if v is not None]
        if len(terms) != len(node.inputs):
            return None
        edit, made = Edit(), source
        for term in terms[1:]:
            made = edit.typed(edit.op("Add", [made, term]), source)
        if node.op_type == "Mean" and len(terms) > 1:
            made = edit.op("Mul", [made, edit.constant(1 / len(terms), source.dtype)])
        return edit.replaces([node], {node.outputs[0]: made})
