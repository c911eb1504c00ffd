"""What guards the shape of an Expand against -1 is left out where there is none, or done beforehand.

Before:
    s = Concat(Shape(x)[0:1], [-1], Shape(x)[1:2])
    t = Where(Equal(s, [-1, -1, -1]), [1, 1, 1], s)
    y = Expand(z, t)
After:
    y = Expand(z, Concat(Shape(x)[0:1], [1], Shape(x)[1:2]))

In PyTorch a -1 keeps the size of an axis; its exporter spells that out. A size taken from a Shape is never -1, and
which parts of the Concat are is seen at once. Not done where a part is neither a size nor a constant.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attribute, dims, known, made_by
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["ExpandToSizes"]

_FARTHEST = 8
"""Ops between a Shape and what is taken from it."""


class ExpandToSizes(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "expand-to-sizes"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset({"Where"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the Where."""
        equal, sizes = made_by(node.inputs[0], "Equal"), node.inputs[2]
        if equal is None or sizes is None or sizes not in equal.inputs or equal.graph is not node.graph:
            return None
        other = equal.inputs[0] if equal.inputs[1] is sizes else equal.inputs[1]
        minus, ones = known(other), known(node.inputs[1])
        if minus is None or ones is None or not np.all(minus == -1) or not np.all(ones == 1):
            return None
        shape = dims(sizes)
        if shape is None or len(shape) != 1 or dims(node.outputs[0]) != shape or not isinstance(shape[0], int):
            return NearMiss("how many sizes there are is not known")
        if _is_size(sizes):
            return Edit().replaces([equal, node], {node.outputs[0]: sizes})
        row = made_by(sizes, "Concat")
        if row is None or row.graph is not node.graph:
            return NearMiss("the sizes are not taken from a shape")
        edit = Edit()
        parts: list[ir.Value | None] = []
        for part in row.inputs:
            found = known(part)
            if found is not None:
                plain = np.where(found == -1, 1, found)
                parts.append(part if np.array_equal(plain, found) else edit.constant(plain, sizes.dtype, "size"))
            elif part is not None and _is_size(part):
                parts.append(part)
            else:
                return NearMiss("a size is not taken from a shape")
        made = edit.typed(edit.op("Concat", parts, {"axis": 0}), like=node.outputs[0], shape=shape)
        return edit.replaces([*_makers(row), row, equal, node], {node.outputs[0]: made})


def _makers(row: ir.Node) -> list[ir.Node]:
    """The ops that take the sizes a Concat puts together: without them a trial would make up sizes of -1."""
    found: dict[ir.Node, None] = {}
    for part in row.inputs:
        for maker in _way(part):
            found.setdefault(maker)
    return list(found)


def _is_size(value: ir.Value) -> bool:
    """Whether a value is taken from a Shape, and so cannot be negative."""
    way = _way(value)
    return bool(way) and way[-1].op_type in ("Shape", "Size")


def _way(value: ir.Value | None) -> list[ir.Node]:
    """The ops from a value back to the Shape it is taken from; empty where it is not."""
    found: list[ir.Node] = []
    while len(found) < _FARTHEST:
        maker = made_by(
            value, "Cast", "Concat", "Gather", "Identity", "Reshape", "Shape", "Size", "Slice", "Squeeze", "Unsqueeze"
        )
        if maker is None or known(value) is not None:
            return []
        if maker.op_type == "Cast" and attribute(maker, "to") not in (6, 7):
            return []
        found.append(maker)
        if maker.op_type in ("Shape", "Size"):
            return found
        if maker.op_type == "Concat" and len(maker.inputs) > 1:
            return []
        value = maker.inputs[0]
    return []
