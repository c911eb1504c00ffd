"""A Reshape is told numbers where it was told a shape computed from another tensor's.

Before:
    n = Gather(Shape(x), 0)                 # x is [N, 64, 40, 40]
    y = Reshape(x, Concat(Unsqueeze(n), [64, 1600]))
After:
    y = Reshape(x, [0, 64, 1600])

Exporters compute the sizes of free dimensions at run time. A Reshape needs none of that: a 0 keeps the size of an axis
that stays in its place, and one size may be left open. The ops that only computed the shape go. Not done where the
result's sizes are not known well enough: several free dimensions that move, or one that moves beside one that stays,
when a Reshape could not tell what is missing from a tensor without elements.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attribute, dims, known, made_by, shape_makers
from edgeplan.surgery.reshaping import target
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import Dim

__all__ = ["ConstantReshape"]


class ConstantReshape(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "constant-reshape"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset({"Reshape"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Reshape whose shape is computed."""
        if context.opset < 5 or attribute(node, "allowzero", 0) or known(node.inputs[1]) is not None:
            return None
        source, shape = node.inputs
        before, after = dims(source), dims(node.outputs[0])
        if source is None or shape is None or before is None or after is None:
            return NearMiss("the ranks of the tensor and of the shape are not known")
        sizes = target(before, after, _open_beside(shape, after))
        if sizes is None:
            return NearMiss("the sizes at the end are not known before the model runs")
        edit = Edit()
        made = edit.op("Reshape", [source, edit.constant(sizes, ir.DataType.INT64, name="shape")])
        edit.typed(made, like=source, shape=after)
        return edit.replaces([*shape_makers(node), node], {node.outputs[0]: made})


def _open_beside(shape: ir.Value, after: tuple[Dim, ...]) -> set[Dim]:
    """The free dimensions beside which a computed shape leaves a size open with a -1."""
    parts = made_by(shape, "Concat")
    for part in parts.inputs if parts is not None else ():
        found = known(part)
        if found is not None and -1 in found.reshape(-1).tolist():
            return set(after)
    return set()
