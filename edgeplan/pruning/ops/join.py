"""Ops that put tensors together or repeat them: channels of each part keep their own atoms."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from edgeplan.graph import Op
from edgeplan.pruning.layout import Block, Layout
from edgeplan.pruning.trace import Trace

__all__ = ["TABLE"]


def _concat(trace: Trace, op: Op) -> None:
    """Along its axis one after the other; the other axes are the same in all parts."""
    shapes = [trace.shape(n) or () for n in op.inputs]
    rank = len(shapes[0])
    axis = op.attrs.get("axis", 1)
    assert isinstance(axis, int)
    axis %= max(rank, 1)
    layouts = [trace.layout(n) for n in op.inputs]
    parts = [lay.of(axis) for lay in layouts]
    if not any(parts):
        trace.layouts[op.outputs[0]] = _others(trace, op, layouts, axis)
        return
    sizes = [s[axis] for s in shapes]
    if not all(isinstance(n, int) for n in sizes):
        trace.refuse(op, "it joins tensors of unknown size")
        return
    axes = {b.axes for b in parts if b is not None}
    if all(b is not None for b in parts) and len(axes) == 1 and len(same := axes.pop()) > 1:
        at = same.index(axis)
        labels = np.concatenate([b.labels for b in parts if b is not None], at)
        rest = [Layout(tuple(b for b in lay.blocks if b.axes != same)) for lay in layouts]
        trace.set(op.outputs[0], [*_others(trace, op, rest, axis).blocks, Block(same, labels)])
        return
    rows = []
    for block, n in zip(parts, sizes, strict=True):
        assert isinstance(n, int)
        found = trace.rows(block, axis) if block is not None else None
        rows.append(
            found if found is not None else trace.atoms.stuck("joined with what keeps its size", n, passive=True)
        )
    left = [Layout(tuple(b for b in lay.blocks if axis not in b.axes)) for lay in layouts]
    trace.set(op.outputs[0], [*_others(trace, op, left, axis).blocks, Block((axis,), np.concatenate(rows))])


def _others(trace: Trace, op: Op, layouts: list[Layout], axis: int) -> Layout:
    """What the parts have in common: the axes along which they are not joined."""
    operands = []
    for name, layout in zip(op.inputs, layouts, strict=True):
        shape = trace.shape(name) or ()
        operands.append((layout, {i: i for i in range(len(shape)) if i != axis}, shape))
    return trace.combine(operands, f"{op.label} meets what keeps its size")


def _expand(trace: Trace, op: Op) -> None:
    """Axes that have more than one index keep them; those that are made longer are none of the weight's."""
    x, shape = op.inputs
    given = trace.layout(x)
    if given.blocks and trace.value(shape).data is None:
        trace.refuse(op, "the shape it gets is computed by the model")
        return
    shift = len(trace.shape(op.outputs[0]) or ()) - len(trace.shape(x) or ())
    trace.layouts[op.outputs[0]] = given.moved({i: i + shift for i in range(len(trace.shape(x) or ()))})


def _tile(trace: Trace, op: Op) -> None:
    """An axis that is repeated has each atom as often."""
    given, repeats = trace.layout(op.inputs[0]), trace.value(op.inputs[1]).data
    if repeats is None:
        trace.refuse(op, "how often it repeats is computed by the model")
        return
    blocks = [Block(b.axes, np.tile(b.labels, [int(repeats[a]) for a in b.axes])) for b in given.blocks]
    trace.set(op.outputs[0], blocks)


def _pad(trace: Trace, op: Op) -> None:
    """What is put beside an axis stays."""
    x = op.inputs[0]
    rank, given = len(trace.shape(x) or ()), trace.layout(x)
    named = op.input("pads")
    pads = op.attrs.get("pads", op.attrs.get("paddings")) if named is None else trace.value(named).data
    axes = op.input("axes")
    chosen = trace.value(axes).data if axes is not None else tuple(range(rank))
    if not isinstance(pads, tuple) or chosen is None:
        trace.refuse(op, "how much it pads is computed by the model")
        return
    around = {int(a) % rank: (int(pads[i]), int(pads[i + len(chosen)])) for i, a in enumerate(chosen)}  # type: ignore[arg-type]
    plain = op.attrs.get("mode", "constant") == "constant"
    blocks: list[Block] = []
    for b in given.blocks:
        wide = [a for a in b.axes if any(around.get(a, (0, 0)))]
        if not wide:
            blocks.append(b)
        elif len(b.axes) == 1 and plain and min(around[wide[0]]) >= 0:
            before, after = (trace.atoms.stuck("zeros put beside channels", n) for n in around[wide[0]])
            blocks.append(Block(b.axes, np.concatenate([before, b.labels, after])))
        else:
            blocks += trace.without(Layout((b,)), wide, "it is padded").blocks
    trace.set(op.outputs[0], blocks)


def _filled(trace: Trace, op: Op) -> None:
    """ConstantOfShape of a known shape stands for a weight; one of a shape that is computed is the model's own."""
    if trace.value(op.inputs[0]).data is None or not trace.value(op.outputs[0]).const:
        trace.layouts[op.outputs[0]] = Layout()
    else:
        trace.layout(op.outputs[0])


TABLE: Mapping[str, Callable[[Trace, Op], None]] = {
    "Concat": _concat,
    "ConstantOfShape": _filled,
    "Expand": _expand,
    "Pad": _pad,
    "Tile": _tile,
}
