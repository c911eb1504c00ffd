"""Ops that show the same elements under another shape, or with their axes in another order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

import numpy as np

from edgeplan.graph import Op, Shape
from edgeplan.pruning.atoms import Labels
from edgeplan.pruning.layout import MOST, Block, Layout, chunks
from edgeplan.pruning.trace import Trace

__all__ = ["TABLE"]


def _reshape(trace: Trace, op: Op) -> None:
    """Reshape, Flatten, Squeeze, Unsqueeze: axes that stay, are split or merged, by the shapes before and after."""
    x, out = op.inputs[0], op.outputs[0]
    given, before, after = trace.layout(x), trace.shape(x), trace.shape(out)
    target = op.input("shape") if op.type == "Reshape" else None
    if given.blocks and target is not None and trace.value(target).data is None:
        trace.refuse(op, "the shape it gets is computed by the model")
        return
    found: list[Block] = []
    pieces = chunks(before, after) or []
    for one, two in _joined(pieces, given):
        blocks = [b for b in given.blocks if b.axes[0] in one]
        if not blocks:
            continue
        sizes = _whole(before, one), _whole(after, two)
        if sizes[0] is None or sizes[1] is None or prod(sizes[0]) > MOST:
            known = sizes[0] is not None and sizes[1] is not None
            why = "too many indices are merged" if known else "it is merged with an axis of a size that is not known"
            for b in blocks:
                trace.stick(b.labels, why)
            continue
        labels = _spread(trace, blocks, one, sizes[0]).reshape(sizes[1])
        found += _simple(trace, two, labels)
    trace.layouts[out] = Layout(tuple(found))


def _joined(
    pieces: Sequence[tuple[tuple[int, ...], tuple[int, ...]]], given: Layout
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The pieces, those that a block of several axes reaches across as one."""
    found: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    for one, two in pieces:
        reach = {a for b in given.blocks if set(b.axes) & set(one) for a in b.axes} | set(one)
        meeting = [f for f in found if set(f[0]) & reach]
        for f in meeting:
            found.remove(f)
        # in the order of the axes: then both sides hold their elements in the same order
        one = tuple(sorted({*one, *(a for f in meeting for a in f[0])}))
        two = tuple(sorted({*two, *(a for f in meeting for a in f[1])}))
        found.append((one, two))
    return found


def _whole(shape: Shape, axes: Sequence[int]) -> tuple[int, ...] | None:
    sizes = tuple(d for a in axes if isinstance(d := (shape or ())[a], int))
    return sizes if len(sizes) == len(axes) else None


def _spread(trace: Trace, blocks: Sequence[Block], axes: Sequence[int], sizes: tuple[int, ...]) -> Labels:
    """The labels of some axes together, by the block with the most indices that may go: those of others must stay."""
    first, *others = sorted(blocks, key=lambda b: (bool(trace.atoms.is_stuck(b.labels).all()), -b.labels.size))
    for b in others:
        trace.stick(b.labels, "it is merged with another axis")
    shape = [n if a in first.axes else 1 for a, n in zip(axes, sizes, strict=True)]
    return np.broadcast_to(first.labels.reshape(shape), sizes)


def _simple(trace: Trace, axes: tuple[int, ...], labels: Labels) -> list[Block]:
    """A block without the axes along which its labels do not differ: those keep their size."""
    roots = trace.atoms.find(labels)
    kept = list(axes)
    for axis in axes:
        at = kept.index(axis)
        first = roots.take([0], at)
        if np.array_equal(np.broadcast_to(first, roots.shape), roots):
            index = (slice(None),) * at + (0,)
            labels, roots = labels[index], roots[index]
            kept.remove(axis)
    if not kept:
        trace.stick(labels.reshape(-1), "all of an axis would go at once")
        return []
    return [Block(tuple(kept), labels)]


def _transpose(trace: Trace, op: Op) -> None:
    rank = len(trace.shape(op.inputs[0]) or ())
    order = op.attrs.get("perm", tuple(reversed(range(rank))))
    assert isinstance(order, tuple)
    trace.layouts[op.outputs[0]] = trace.layout(op.inputs[0]).moved({int(a): i for i, a in enumerate(order)})  # type: ignore[arg-type]


TABLE: Mapping[str, Callable[[Trace, Op], None]] = {
    "Flatten": _reshape,
    "Reshape": _reshape,
    "Squeeze": _reshape,
    "Transpose": _transpose,
    "Unsqueeze": _reshape,
}
