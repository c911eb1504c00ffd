"""Two reshapes that undo each other around ops that work element by element are left out.

Before:
    a = Reshape(x, [1, 64, 1024])           # x is [64, 1024]
    b = Mul(a, Sigmoid(a))
    y = Reshape(b, [64, 1024])
After:
    y = Mul(x, Sigmoid(x))

A reshape moves no element, and such ops do not look at where an element stands: they can as well run in the shape there
was before. Constants of one element, or one for each element of the last axis, fit both shapes when that axis is the
same. Not done where a tensor in between is read by something else, where two tensors in between have other shapes, or
where a constant fits the shape in between alone.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.elementwise import BROADCASTING, UNARY
from edgeplan.surgery.looking import (
    attributes,
    dims,
    is_constant,
    is_output,
    made_by,
    readers,
    same_shape,
    shape_makers,
)
from edgeplan.surgery.reshaping import VIEWS
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["CancelReshapes"]

_MOST = 24
"""Ops between the reshapes that are looked at."""


class CancelReshapes(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "cancel-reshapes"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset(VIEWS)

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the last reshape."""
        last, out = node.inputs[0], node.outputs[0]
        if last is None or context.opset < 7 or _worker(last) is None or not dims(out) or not dims(last):
            return None
        ops: dict[ir.Node, None] = {}
        sources: dict[ir.Value, ir.Value] = {}
        left = [last]
        while left:
            value = left.pop()
            before = made_by(value, *VIEWS)
            if before is not None and same_shape(before.inputs[0], out) and before.inputs[0] is not None:
                sources[value] = before.inputs[0]
                continue
            maker = _worker(value)
            if maker is None or len(ops) == _MOST or not same_shape(value, last) or maker.graph is not node.graph:
                return None
            if maker not in ops:
                ops[maker] = None
                left += [v for v in maker.inputs if v is not None and not _fits(v, last, out)]
        if not sources:
            return None
        for op in ops:
            if is_output(op.outputs[0]) or any(r not in ops and r is not node for r in readers(op.outputs[0])):
                return NearMiss("something else reads what is between the reshapes")
        return _moved(node, ops, sources)


def _worker(value: ir.Value) -> ir.Node | None:
    """The op that makes a value element by element."""
    return made_by(value, *UNARY, *BROADCASTING)


def _fits(value: ir.Value, last: ir.Value, out: ir.Value) -> bool:
    """Whether a constant broadcasts alike to the shapes of both values."""
    shape, here, there = dims(value), dims(last), dims(out)
    if shape is None or not is_constant(value) or not here or not there:
        return False
    if all(size == 1 for size in shape):
        return len(shape) <= min(len(here), len(there))
    return len(shape) == 1 and here[-1] == there[-1] is not None


def _moved(node: ir.Node, ops: dict[ir.Node, None], sources: dict[ir.Value, ir.Value]) -> Replacement:
    """The ops again, in the order in which they can run, on what was there before the first reshapes."""
    edit = Edit()
    out = node.outputs[0]
    now = dict(sources)
    ordered: list[ir.Node] = []
    left = list(ops)
    while left:
        ready = [n for n in left if all(v is None or v in now or v.producer() not in ops for v in n.inputs)]
        for op in ready:
            made = edit.op(op.op_type, [v if v is None else now.get(v, v) for v in op.inputs], attributes(op))
            now[op.outputs[0]] = edit.typed(made, like=op.outputs[0], shape=dims(out))
        ordered += ready
        left = [n for n in left if n not in ready]
    before = [r for v in sources if (r := v.producer()) is not None]
    assert node.inputs[0] is not None
    return edit.replaces([*shape_makers(node, *before), *before, *ordered, node], {out: now[node.inputs[0]]})
