"""Ops on tensors of five axes and more work on four: the leading axes are one axis of their product.

Before:
    s = MatMul(q, k)                      # q: [1, 64, 3, 49, 32], k: [1, 64, 3, 32, 49]
    y = Softmax(Add(s, mask), axis=-1)    # mask: [1, 64, 1, 49, 49]
After:
    s = MatMul(Reshape(q, [64, 3, 49, 32]), Reshape(k, [64, 3, 32, 49]))
    y = Reshape(Softmax(Add(s, Reshape(mask, [64, 1, 49, 49])), axis=-1), [1, 64, 3, 49, 49])

None of these ops looks at the leading axes but one by one, so it does not matter whether they are counted as one. A
chain of such ops is rewritten as a whole, with reshapes at its ends only; what is behind those joins with reshapes
that are there. Not done where an operand is spread along some leading axes and not along others, where an op works
along a leading axis, or where more than one size is open.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.elementwise import BROADCASTING, UNARY
from edgeplan.surgery.groups import in_order
from edgeplan.surgery.looking import attribute, attributes, dims, is_output, readers
from edgeplan.surgery.reshaping import VIEWS, can_reshape, formed, merged, same_data
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import Dim, reshaped

__all__ = ["MergeLeadingAxes"]

_RANK = 4
"""Axes that are left."""

_MOST = 64
"""Ops of a chain that are rewritten together."""

_ALONG_LAST = {"Softmax": -1, "LogSoftmax": -1, "LayerNormalization": -1, "RMSNormalization": -1}
_ROOTS = UNARY | BROADCASTING | {*_ALONG_LAST, "MatMul"}


class MergeLeadingAxes(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "merge-leading-axes"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = _ROOTS

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the first op of a chain on tensors of one high rank."""
        shape = dims(node.outputs[0])
        if shape is None or len(shape) <= _RANK or not _fits(node, context.opset):
            return None
        spread = [v for v in node.inputs if v is not None and not _merges(v, shape)]
        if spread:
            return NearMiss("an operand is spread along some leading axes and not along others")
        chain = _chain(node, shape, context.opset)
        if any(not can_reshape(_shrunk(v, shape)) for n in chain for v in (*n.inputs, *n.outputs) if v is not None):
            return NearMiss("more than one size is open, or there are no elements")
        inside = set(chain)
        if any(_handed_on(n, inside) and not can_reshape(dims(n.outputs[0]) or ()) for n in chain):
            return NearMiss("more than one size is open, or there are no elements")
        edit = Edit()
        made: dict[ir.Value, ir.Value] = {}
        before: dict[ir.Node, None] = {}
        outputs: dict[ir.Value, ir.Value] = {}
        behind: list[ir.Node] = []
        for one in chain:
            given: list[ir.Value | None] = []
            for value in one.inputs:
                if value is not None and value not in made and _needs_shape(value):
                    source, passed = same_data(value)
                    before.update(dict.fromkeys(passed))
                    made[value] = formed(edit, source, _shrunk(value, shape))
                given.append(made.get(value, value) if value is not None else None)
            new = edit.op(one.op_type, given, attributes(one, "axis") | _axis(one))
            out = one.outputs[0]
            made[out] = edit.typed(new, like=out, shape=_shrunk(out, shape))
            for view in _views(one, inside):
                outputs[view.outputs[0]] = reshaped(edit, made[out], dims(view.outputs[0]) or ())
                behind.append(view)
            if _handed_on(one, inside):
                outputs[out] = reshaped(edit, made[out], dims(out) or ())
        return edit.replaces([*before, *chain, *behind], outputs)


def _views(node: ir.Node, inside: set[ir.Node]) -> list[ir.Node]:
    """The reshapes outside the chain that read what an op of it gives."""
    out = node.outputs[0]
    found = [n for n in readers(out) if n not in inside and n.op_type in VIEWS and n.inputs[0] is out]
    return [n for n in found if n.graph is node.graph and can_reshape(dims(n.outputs[0]) or (None, None))]


def _handed_on(node: ir.Node, inside: set[ir.Node]) -> bool:
    """Whether anything but reshapes reads what an op of the chain gives, in the shape it has."""
    out, passed = node.outputs[0], inside.union(_views(node, inside))
    return is_output(out) or any(n not in passed for n in readers(out))


def _fits(node: ir.Node, opset: int) -> bool:
    """Whether an op is one of those that leave the leading axes apart."""
    shape = dims(node.outputs[0])
    if node.domain != "" or shape is None or len(node.outputs) > 1 or node.outputs[0].dtype is None:
        return False
    if any(v is not None and (dims(v) is None or v.dtype is None) for v in node.inputs):
        return False
    if node.op_type in _ALONG_LAST:
        axis = attribute(node, "axis", 1 if opset < 13 and "max" in node.op_type else -1)
        if axis % len(shape) != len(shape) - 1:
            return False
        return "max" in node.op_type or all(len(dims(v) or ()) <= 1 for v in node.inputs[1:])
    if node.op_type == "MatMul":
        return all(len(dims(v) or ()) >= 2 for v in node.inputs)
    return node.op_type in UNARY or node.op_type in BROADCASTING


def _needs_shape(value: ir.Value) -> bool:
    return len(dims(value) or ()) >= _RANK


def _merges(value: ir.Value, whole: tuple[Dim, ...]) -> bool:
    """Whether an operand has every leading axis of the result, or none of them."""
    shape = dims(value) or ()
    joined = len(whole) - _RANK + 1
    if len(shape) < _RANK:
        return True
    lead = (1,) * (len(whole) - len(shape)) + shape[: len(shape) - _RANK + 1]
    free = all(isinstance(d, int) or d is not None for d in whole[:joined])
    return all(d == 1 for d in lead) or (free and lead == whole[:joined])


def _shrunk(value: ir.Value, whole: tuple[Dim, ...]) -> tuple[Dim, ...]:
    """The shape of a value of the chain once its leading axes are one; short ones stay as they are."""
    shape = dims(value) or ()
    if len(shape) < _RANK:
        return shape
    lead = shape[: len(shape) - _RANK + 1]
    return (merged(lead), *shape[len(shape) - _RANK + 1 :])


def _chain(node: ir.Node, shape: tuple[Dim, ...], opset: int) -> list[ir.Node]:
    """The ops around one that work on tensors of the same leading axes, in the order of the graph."""
    lead = shape[: len(shape) - _RANK + 1]
    found, todo = {node}, [node]

    def fits(other: ir.Node | None) -> bool:
        if other is None or other in found or other.graph is not node.graph or not _fits(other, opset):
            return False
        whole = dims(other.outputs[0]) or ()
        same = len(whole) == len(shape) and whole[: len(lead)] == lead
        return same and all(v is None or _merges(v, whole) for v in other.inputs)

    while todo and len(found) < _MOST:
        one = todo.pop()
        near = [v.producer() for v in one.inputs if v is not None] + list(readers(one.outputs[0]))
        for other in near:
            if fits(other) and len(found) < _MOST:
                assert other is not None
                found.add(other)
                todo.append(other)
    return in_order(sorted(found, key=lambda n: n.name or n.outputs[0].name or ""))


def _axis(node: ir.Node) -> dict[str, int]:
    return {"axis": _ALONG_LAST[node.op_type]} if node.op_type in _ALONG_LAST else {}
