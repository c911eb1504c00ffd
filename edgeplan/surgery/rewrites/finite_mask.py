"""The minus infinity, or a number below what float16 holds, that masks an attention's scores becomes -10000.

Before:
    m = Where(c, 0, -inf)       # or Mul(1 - c, -3.4e38), or a constant with such numbers
    t = Add(scores, m)          # or t = Where(c, -inf, scores)
    y = Softmax(t)
After:
    m = Where(c, 0, -10000)
    t = Add(scores, m)
    y = Softmax(t)

A softmax takes e to the power of each score less the largest one. That is 0 for a score 10000 below the largest, as it
is for minus infinity: in float32 everything more than 104 below, in float16 more than 18. What changes: a row that is
masked altogether was not a number, or had equal shares, and has the shares of its scores now; and scores that lie
thousands apart themselves are no longer masked. In float16 numbers below -65504 become minus infinity, which the Neural
Engine mishandles, and which makes sums not a number.

Not done where anything but a softmax reads what is masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import Claim, changes
from edgeplan.surgery.groups import in_order
from edgeplan.surgery.looking import (
    FLOATS,
    attributes,
    constant,
    dims,
    is_constant,
    is_output,
    made_by,
    readers,
    scalar,
    sizes,
)
from edgeplan.surgery.reshaping import MOVES
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["FiniteMask"]

_LOWEST = -65504.0
"""The lowest finite number of float16."""

_MASKED = -1e4

_MOVES = (*MOVES, "Expand", "Slice", "Cast")

_FAR = 8
"""Ops between a softmax and its mask, at most."""

_LARGE = 1 << 24
"""Elements up to which a constant mask is looked into."""


class FiniteMask(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "finite-mask"
    claim: ClassVar[Claim] = changes(1e-3, "a row that is masked altogether has the shares of its scores")
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Softmax"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Softmax whose scores are masked by a number out of float16's range."""
        mask = _mask(node.inputs[0], _FAR)
        if mask is None:
            return None
        nodes = _readers(mask)
        if isinstance(nodes, str):
            return NearMiss(nodes)
        edit = Edit()
        new: dict[ir.Value, ir.Value] = {mask: _finite(edit, mask)}
        for reader in nodes:
            made = edit.op(reader.op_type, [new.get(v, v) if v else None for v in reader.inputs], attributes(reader))
            out = reader.outputs[0]
            new[out] = edit.typed(made, like=out, shape=dims(out))
        ends = {n.outputs[0]: new[n.outputs[0]] for n in nodes if n.op_type == "Softmax"}
        maker = mask.producer()
        return edit.replaces([*([maker] if maker is not None else []), *nodes], ends)


def _mask(value: ir.Value | None, far: int, added: bool = False) -> ir.Value | None:
    """What brings a number out of float16's range to a softmax: a constant, the result of a Where, or an added Mul."""
    if value is None or far == 0 or value.dtype not in FLOATS:
        return None
    if is_constant(value):
        shape = sizes(value)
        if shape is None or int(np.prod(shape)) > _LARGE:
            return None
        found = constant(value)
        return value if found is not None and found.size and bool((found <= _LOWEST).any()) else None
    node = made_by(value, "Add", "Where", "Mul", *_MOVES)
    if node is None:
        return None
    if node.op_type == "Where":
        return value if any(_low(v) for v in node.inputs[1:3]) else _mask_of(node.inputs[1:3], far, added)
    if node.op_type == "Mul":
        return value if added and any(_low(v) for v in node.inputs) else None
    if node.op_type == "Add":
        return _mask_of(node.inputs, far, True)
    return _mask_of(node.inputs[:1], far, added)


def _mask_of(values: Sequence[ir.Value | None], far: int, added: bool) -> ir.Value | None:
    return next((found for v in values if (found := _mask(v, far - 1, added)) is not None), None)


def _low(value: ir.Value | None) -> bool:
    """Whether a value is one number out of float16's range."""
    found = scalar(value) if is_constant(value) else None
    return found is not None and found <= _LOWEST


def _readers(mask: ir.Value) -> list[ir.Node] | str:
    """All between a mask and the softmaxes that read it, these too, in an order they can run in."""
    found: dict[ir.Node, None] = {}
    left = [mask]
    while left:
        value = left.pop()
        if is_output(value):
            return "the model hands out what is masked"
        for reader in readers(value):
            if reader in found:
                continue
            fits = reader.op_type == "Softmax" or reader.op_type in ("Add", *_MOVES)
            if reader.op_type == "Where":
                fits = value in reader.inputs[1:3]
            if not fits or reader.domain != "":
                return f"a {reader.op_type} reads what is masked, not a softmax alone"
            found[reader] = None
            if reader.op_type != "Softmax":
                left.append(reader.outputs[0])
    graph = {n.graph for n in found}
    if len(graph) != 1 or (mask.producer() is not None and mask.producer().graph not in graph):  # type: ignore[union-attr]
        return "a body reads what is masked"
    return in_order(found)


def _finite(edit: Edit, mask: ir.Value) -> ir.Value:
    """The mask without numbers out of range."""
    if is_constant(mask):

        def raised(old: Array) -> Array:
            return np.where(old <= _LOWEST, _MASKED, old)

        return edit.folded(raised, mask, shape=sizes(mask) or ())
    maker = mask.producer()
    assert maker is not None
    inputs = []
    for value in maker.inputs:
        if value is not None and _low(value):
            value = edit.constant(np.full(sizes(value) or (), _MASKED), value.dtype)
        inputs.append(value)
    return edit.typed(edit.op(maker.op_type, inputs, attributes(maker)), like=mask, shape=dims(mask))
