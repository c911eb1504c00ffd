"""A Loop or Scan of a few known turns becomes its body written out, once a turn.

Before:
    y = Loop(3, true, x, body = (i, c, v) {w = Tanh(v)})
After:
    y = Tanh(Tanh(Tanh(x)))

Runtimes that compile a graph ahead have no loops, or leave them and all around them to the processor. What a turn
carries on is the next turn's input; the number of the turn is a constant; what each turn hands out is put together
in the end. Not done where the number of turns depends on the data or on a free size, where the body may stop early,
and for more than 16 turns or 256 ops.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.bodies import bring_weights, copy_in
from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.draft import graphs
from edgeplan.surgery.looking import attribute, dims, ints, is_used, made_by, scalar
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import concatenated, split, squeezed, unsqueezed

__all__ = ["UnrollLoop"]

_TURNS = 16
_OPS = 256


class UnrollLoop(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "unroll-loop"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Loop", "Scan"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Loop or Scan whose number of turns is known and small."""
        body = attribute(node, "body")
        if not isinstance(body, ir.Graph) or context.opset < 9:
            return None
        turns = _loop_turns(node, body) if node.op_type == "Loop" else _scan_turns(node)
        if isinstance(turns, NearMiss):
            return turns
        if turns < 1:
            return NearMiss("the body never runs")
        ops = turns * sum(len(g) for g in graphs(body))
        if turns > _TURNS or ops > _OPS:
            return NearMiss(f"{turns} turns would be {ops} ops; at most {_TURNS} turns and {_OPS} ops are written out")
        return (
            _loop(node, body, turns, context.opset)
            if node.op_type == "Loop"
            else _scan(node, body, turns, context.opset)
        )


def _loop_turns(node: ir.Node, body: ir.Graph) -> int | NearMiss:
    most, goes = node.inputs[0], node.inputs[1] if len(node.inputs) > 1 else None
    count = scalar(most)
    if count is None:
        return NearMiss("the number of turns is not known before the model runs")
    if goes is not None and not scalar(goes):
        return NearMiss("whether it begins at all is not known, or it does not")
    last = body.outputs[0]
    while (same := made_by(last, "Identity")) is not None and same.inputs[0] is not None:
        last = same.inputs[0]
    if last is not body.inputs[1] and not scalar(last):
        return NearMiss("the body decides when to stop")
    return int(count)


def _loop(node: ir.Node, body: ir.Graph, turns: int, opset: int) -> Replacement | NearMiss:
    edit = Edit()
    weights = bring_weights(edit, body)
    states = [v for v in node.inputs[2:] if v is not None]
    if len(states) != len(body.inputs) - 2 or len(node.outputs) != len(body.outputs) - 1:
        return NearMiss("the body does not take and give what the Loop does")
    handed: list[list[ir.Value]] = [[] for _ in body.outputs[1 + len(states) :]]
    number, goes = body.inputs[:2]
    for turn in range(turns):
        given = {**weights, **dict(zip(body.inputs[2:], states, strict=True))}
        if is_used(number):
            given[number] = edit.constant(np.array(turn, np.int64))
        if is_used(goes):
            given[goes] = edit.constant(np.array(True))
        made = copy_in(edit, body, given, body.outputs[1:])
        states = made[: len(states)]
        for values, value in zip(handed, made[len(states) :], strict=True):
            values.append(value)
    stacked = [_stacked(edit, opset, values, 0) for values in handed]
    return edit.replaces([node], dict(zip(node.outputs, [*states, *stacked], strict=True)))


def _scan_turns(node: ir.Node) -> int | NearMiss:
    count = attribute(node, "num_scan_inputs", 0)
    cut = node.inputs[len(node.inputs) - count :]
    for value, axis in zip(cut, ints(node, "scan_input_axes", (0,) * count) or (), strict=True):
        shape = dims(value)
        if shape is not None and isinstance(size := shape[axis], int):
            return size
    return NearMiss("the number of turns is not known before the model runs")


def _scan(node: ir.Node, body: ir.Graph, turns: int, opset: int) -> Replacement | NearMiss:
    count = int(attribute(node, "num_scan_inputs", 0))
    values = [v for v in node.inputs if v is not None]
    first = len(values) - count
    outs = body.outputs[first:]
    if len(values) != len(body.inputs) or len(node.outputs) != len(body.outputs):
        return NearMiss("the body does not take and give what the Scan does")
    across = _counted(ints(node, "scan_input_axes", (0,) * count), values[first:], 0)
    along = _counted(ints(node, "scan_output_axes", (0,) * len(outs)), outs, 1)
    if across is None or along is None:
        return NearMiss("the rank of what is scanned or handed out is not known")
    back = ints(node, "scan_input_directions") or (0,) * count
    turned = ints(node, "scan_output_directions") or (0,) * len(outs)
    edit = Edit()
    weights = bring_weights(edit, body)
    rows = []
    for value, axis, reverse in zip(values[first:], across, back, strict=True):
        pieces = split(edit, opset, value, axis, [1] * turns) if turns > 1 else [value]
        row = [squeezed(edit, opset, piece, axis) for piece in pieces]
        rows.append(row[::-1] if reverse else row)
    states = values[:first]
    handed: list[list[ir.Value]] = [[] for _ in outs]
    for turn in range(turns):
        given = dict(zip(body.inputs, [*states, *(row[turn] for row in rows)], strict=True))
        made = copy_in(edit, body, {**weights, **given})
        states = made[:first]
        for kept, value in zip(handed, made[first:], strict=True):
            kept.append(value)
    stacked = [
        _stacked(edit, opset, kept[::-1] if reverse else kept, axis)
        for kept, axis, reverse in zip(handed, along, turned, strict=True)
    ]
    return edit.replaces([node], dict(zip(node.outputs, [*states, *stacked], strict=True)))


def _counted(axes: Sequence[int] | None, values: Sequence[ir.Value], more: int) -> list[int] | None:
    """Axes counted from the front, of values that get `more` axes; None where a rank is needed and not known."""
    found = []
    for axis, value in zip(axes or (0,) * len(values), values, strict=True):
        shape = dims(value)
        if shape is None and axis < 0:
            return None
        found.append(axis + len(shape) + more if axis < 0 and shape is not None else axis)
    return found


def _stacked(edit: Edit, opset: int, values: Sequence[ir.Value], axis: int) -> ir.Value:
    """What the turns handed out, along a new axis."""
    rows = [unsqueezed(edit, opset, value, axis) for value in values]
    return concatenated(edit, rows, axis) if len(rows) > 1 else rows[0]
