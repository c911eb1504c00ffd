"""Sizes stay int64, as a Shape gives them, where they were made int32 and int64 again.

Before:
    s = Cast(Shape(x), to=INT32)
    c = Concat(Slice(s, [0], [1]), [-1, 64])    # constants in int32
    y = Reshape(x, Cast(c, to=INT64))
After:
    c = Concat(Slice(Shape(x), [0], [1]), [-1, 64])     # in int64
    y = Reshape(x, c)

TensorFlow and Paddle compute sizes in int32, and their exporters cast there and back. A size below 2^31, as all are, is
the same in both types. Not done where what is computed in int32 is read by something else, or is more than picking
sizes and putting them together.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attribute, attributes, dims, is_output, known, made_by, readers
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["SizesAsInt64"]

_PICKING = ("Concat", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Unsqueeze")
_FARTHEST = 16
"""Ops between the two Casts that are looked at."""


class SizesAsInt64(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "sizes-as-int64"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset({"Cast"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the Cast back to int64."""
        source = node.inputs[0]
        if attribute(node, "to") != ir.DataType.INT64 or source is None or source.dtype != ir.DataType.INT32:
            return None
        if known(source) is not None or made_by(source, *_PICKING) is None:
            return None
        old: list[ir.Node] = []
        edit = Edit()
        made = _in_int64(source, node, edit, old)
        if made is None:
            return None
        return edit.replaces([*dict.fromkeys(old), node], {node.outputs[0]: made})


def _in_int64(value: ir.Value, reader: ir.Node, edit: Edit, old: list[ir.Node]) -> ir.Value | None:
    """A value of sizes in int64; None where that is not what it is. Notes the ops that are passed."""
    contents = known(value)
    if contents is not None:
        return edit.constant(contents, ir.DataType.INT64, name="sizes")
    first = made_by(value, "Cast")
    if first is not None:
        shape = made_by(first.inputs[0], "Shape", "Size")
        if shape is None or first.inputs[0] is None or first.graph is not reader.graph:
            return None
        old += [first, shape]
        return first.inputs[0]
    op = made_by(value, *_PICKING)
    if op is None or op.graph is not reader.graph or len(old) >= _FARTHEST or is_output(value):
        return None
    if any(r is not reader for r in readers(value)):
        return None
    data = op.inputs if op.op_type == "Concat" else op.inputs[:1]
    made = [None if v is None else _in_int64(v, op, edit, old) for v in data]
    if None in made:
        return None
    out = edit.op(op.op_type, [*made, *op.inputs[len(made) :]], attributes(op))
    out.dtype = ir.DataType.INT64
    old.append(op)
    return edit.typed(out, shape=dims(value))
