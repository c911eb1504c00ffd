"""Convolutions and matrix products: what comes in is summed over, what goes out is the weight's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from edgeplan.graph import Op, Shape
from edgeplan.pruning.atoms import Labels
from edgeplan.pruning.layout import Block, Layout
from edgeplan.pruning.trace import Trace

__all__ = ["TABLE"]

_INPUT, _OUTPUT = "what it reads keeps its channels", "what reads it keeps its channels"


def _conv(trace: Trace, op: Op) -> None:
    """X [N, C, ...], W [out, C / groups, ...] or turned [C, out / groups, ...], B [out] -> [N, out, ...]."""
    x, w, bias = op.inputs[0], op.input("W"), op.input("B")
    if w is None or not trace.is_weight(w):
        trace.refuse(op, f"the weight of {op.label} is computed")
        return
    given, weight = trace.layout(x), trace.layout(w)
    trace.without(given, [a for a in range(len(trace.shape(x) or ())) if a != 1], f"{op.label} slides over it")
    trace.without(weight, range(2, len(trace.shape(w) or ())), "a window")
    into, first, second = trace.axis(given, 1), trace.axis(weight, 0), trace.axis(weight, 1)
    groups, turned = op.attrs.get("group", 1), op.type == "ConvTranspose"
    assert isinstance(groups, int)
    made = first
    if groups == 1:
        made, read = (second, first) if turned else (first, second)
        trace.tie(into, read, _INPUT)
    elif turned:
        trace.tie(into, first, _INPUT)
        made = _grouped_turned(trace, groups, first, second)
    else:
        _grouped(trace, groups, into, first, second)
    if bias is not None:
        trace.tie(trace.axis(trace.layout(bias), 0), made, _OUTPUT)
    trace.set(op.outputs[0], [Block((1,), made) if made is not None else None])


def _grouped(trace: Trace, groups: int, into: Labels | None, first: Labels | None, second: Labels | None) -> None:
    """A channel alone in its group goes with what is made of it.

    Else whole groups go, or, where these are fewer than their channels, the same channels of every group.
    """
    if into is None or first is None:
        trace.tie(into, first, _INPUT)
        trace.stick(second, _INPUT, passive=True)
        return
    rows, made = into.reshape(groups, -1), first.reshape(groups, -1)
    width = rows.shape[1]
    if groups >= width:
        trace.atoms.tie(rows[:, :1], rows)
        trace.atoms.tie(rows[:, :1], made)
        trace.stick(second, "groups of channels go as a whole")
        return
    trace.atoms.tie(rows[:1], rows)
    trace.atoms.tie(made[:1], made)
    trace.tie(rows[0], second, _INPUT)


def _grouped_turned(trace: Trace, groups: int, first: Labels | None, second: Labels | None) -> Labels | None:
    """The same for a transposed convolution, whose weight has the output's channels of one group; its outputs."""
    if first is None:
        trace.stick(second, _INPUT, passive=True)
        return None
    rows = first.reshape(groups, -1)
    if groups >= rows.shape[1]:
        trace.atoms.tie(rows[:, :1], rows)
        trace.stick(second, "groups of channels go as a whole")
        return np.repeat(rows[:, 0], len(second) if second is not None else 1)
    trace.atoms.tie(rows[:1], rows)
    return np.tile(second, groups) if second is not None else None


def _matmul(trace: Trace, op: Op) -> None:
    """A [..., M, K] times B [..., K, N]; of rank 1 either is one row or column."""
    a, b = op.inputs[:2]
    ranks = len(trace.shape(a) or ()), len(trace.shape(b) or ())
    if min(ranks) == 0:
        trace.refuse(op, "it multiplies a single number")
        return
    _product(trace, op, (ranks[0] - 1, ranks[0] - 2), (max(ranks[1] - 2, 0), ranks[1] - 1 if ranks[1] > 1 else -1))


def _gemm(trace: Trace, op: Op) -> None:
    """A [M, K] times B [K, N], each perhaps transposed, plus C, which broadcasts to [M, N]."""
    a = (0, 1) if op.attrs.get("transA") else (1, 0)
    b = (1, 0) if op.attrs.get("transB") else (0, 1)
    _product(trace, op, a, b)
    c = op.input("C")
    if c is not None:
        out, own = trace.layout(op.outputs[0]), trace.shape(c) or ()
        shift = 2 - len(own)
        operands = [
            (out, {0: 0, 1: 1}, trace.shape(op.outputs[0])),
            (trace.layout(c), {i: i + shift for i in range(len(own))}, trace.shape(c)),
        ]
        trace.layouts[op.outputs[0]] = trace.combine(operands, _OUTPUT)


def _product(trace: Trace, op: Op, of_a: tuple[int, int], of_b: tuple[int, int]) -> None:
    """The product: `of_a` and `of_b` are the axes that are summed over and that are kept, -1 for none."""
    a, b = op.inputs[:2]
    weighted = trace.is_weight(a) or trace.is_weight(b)
    one, two = trace.layout(a), trace.layout(b)
    summed = one.of(of_a[0]), two.of(of_b[0])
    alone = [s for s in summed if s is not None and len(s.axes) == 1]
    if weighted and len(alone) == 2:
        trace.atoms.tie(alone[0].labels, alone[1].labels)
    else:  # of a block of several axes only rows are left, which are not summed over
        for block in alone:
            reason = _INPUT if weighted else "summed over by a product of computed tensors"
            trace.atoms.stick(block.labels, reason, passive=weighted)
    one, two = (_rest(trace, lay, axes[0]) for lay, axes in ((one, of_a), (two, of_b)))
    rank = len(trace.shape(op.outputs[0]) or ())
    columns = of_b[1] >= 0
    operands = [
        (one, _places(trace.shape(a), of_a, rank, rank - 1 - columns, columns + 1), trace.shape(a)),
        (two, _places(trace.shape(b), of_b, rank, rank - 1, (of_a[1] >= 0) + columns), trace.shape(b)),
    ]
    trace.layouts[op.outputs[0]] = trace.combine(operands, "multiplied with what keeps its size")


def _rest(trace: Trace, layout: Layout, axis: int) -> Layout:
    """The layout without the axis that is summed over."""
    left = Layout(tuple(b for b in layout.blocks if b.axes != (axis,)))
    return trace.without(left, [axis], "")


def _places(shape: Shape, axes: tuple[int, int], rank: int, kept: int, after: int) -> dict[int, int]:
    """Where the axes of an operand stand in the product: its own one at `kept`, the batch before the last `after`."""
    assert shape is not None
    batch = [i for i in range(len(shape)) if i not in axes]
    found = {i: rank - after - len(batch) + n for n, i in enumerate(batch)}
    if axes[1] >= 0:
        found[axes[1]] = kept
    return found


TABLE: Mapping[str, Callable[[Trace, Op], None]] = {
    "Conv": _conv,
    "ConvTranspose": _conv,
    "Gemm": _gemm,
    "MatMul": _matmul,
}
