"""Ops that take a part of a tensor: the indices that are taken keep their atoms."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgeplan.graph import Op
from edgeplan.pruning.atoms import Labels
from edgeplan.pruning.layout import Block, Layout
from edgeplan.pruning.trace import Trace

__all__ = ["TABLE", "ranges"]


def ranges(
    op: Op, data: Callable[[str], tuple[object, ...] | None], rank: int
) -> dict[int, tuple[int, int, int]] | None:
    """What a Slice takes: start, end and step by axis, as they are written; None where the model computes them."""
    found: dict[str, tuple[object, ...] | None] = {}
    for port in ("starts", "ends", "axes", "steps"):
        name, attr = op.input(port), op.attrs.get(port)
        found[port] = data(name) if name is not None else attr if isinstance(attr, tuple) else ()
    if any(v is None for v in found.values()):
        return None
    starts, ends, axes, steps = (tuple(int(i) for i in found[p] or ()) for p in ("starts", "ends", "axes", "steps"))  # type: ignore[call-overload]
    axes = axes or tuple(range(len(starts)))
    steps = steps or (1,) * len(starts)
    return {a % rank: (s, e, t) for a, s, e, t in zip(axes, starts, ends, steps, strict=True)}


def _slice(trace: Trace, op: Op) -> None:
    x = op.inputs[0]
    given, rank = trace.layout(x), len(trace.shape(x) or ())
    taken = ranges(op, lambda n: trace.value(n).data, max(rank, 1))
    if taken is None:
        trace.refuse(op, "what it takes is computed by the model")
        return
    blocks: list[Block | None] = []
    for b in given.blocks:
        labels = b.labels
        for axis in b.axes:
            if axis in taken:
                start, end, step = taken[axis]
                at = [slice(None)] * labels.ndim
                at[b.at(axis)] = slice(start, end, step)
                if step != 1:
                    trace.stick(labels, "it is taken in steps")
                labels = labels[tuple(at)]
        blocks.append(_thinned(trace, b.axes, labels))
    trace.set(op.outputs[0], blocks)


def _thinned(trace: Trace, axes: tuple[int, ...], labels: Labels) -> Block | None:
    """A block without the axes of which one index is left; that one stays where it is the last."""
    kept = [a for a, n in zip(axes, labels.shape, strict=True) if n != 1]
    if not kept:
        trace.stick(labels.reshape(-1), "all of an axis would go at once")
        return None
    return Block(tuple(kept), labels.reshape([n for n in labels.shape if n != 1]))


def _split(trace: Trace, op: Op) -> None:
    """The parts one after the other, as long as the outputs are."""
    given = trace.layout(op.inputs[0])
    axis = op.attrs.get("axis", 0)
    assert isinstance(axis, int)
    axis %= max(len(trace.shape(op.inputs[0]) or ()), 1)
    block, start = given.of(axis), 0
    others = [b for b in given.blocks if b is not block]
    sizes = [(trace.shape(out) or ())[axis] for out in op.outputs]
    if block is not None and not all(isinstance(size, int) for size in sizes):
        trace.refuse(op, "how it is split is not known")
        return
    for out, size in zip(op.outputs, sizes, strict=True):
        if block is None or not isinstance(size, int):
            trace.set(out, others)
            continue
        labels = block.labels.take(range(start, start + size), block.at(axis))
        start += size
        trace.set(out, [*others, _thinned(trace, block.axes, labels)])


def _gather(trace: Trace, op: Op) -> None:
    """The indices may be one known number or a row of them; else the axis they are taken from stays."""
    x, indices = op.inputs
    given, chosen = trace.layout(x), trace.value(indices)
    axis = op.attrs.get("axis", 0)
    assert isinstance(axis, int)
    rank, more = len(trace.shape(x) or ()), len(chosen.shape or ())
    axis %= max(rank, 1)
    trace.stick(trace.layout(indices), "indices")
    to = {a: a if a < axis else a + more - 1 for a in range(rank) if a != axis}
    block = given.of(axis)
    blocks: list[Block | None] = list(Layout(tuple(b for b in given.blocks if b is not block)).moved(to).blocks)
    if block is not None:
        data = chosen.data
        if data is None or more > 1:
            rest = trace.without(Layout((block,)), [axis], "what of it is taken the model computes")
            blocks += rest.moved(to).blocks
        else:
            labels = block.labels.take([int(i) for i in data], block.at(axis))
            if more == 0:
                labels = labels.squeeze(block.at(axis))
                rest_axes = [to[a] for a in block.axes if a != axis]
                if rest_axes:
                    blocks.append(Block(tuple(rest_axes), labels))
                else:
                    trace.stick(labels.reshape(-1), "one channel is taken by itself")
            else:
                to[axis] = axis
                blocks.append(_thinned(trace, tuple(to[a] for a in block.axes), labels))
    trace.set(op.outputs[0], blocks)


def _shape(trace: Trace, op: Op) -> None:
    """Axes whose size the model goes on to read stay; the others are only passed by."""
    x = op.inputs[0]
    rank = len(trace.shape(x) or ())
    if op.type == "Size":
        read: set[int] = set(range(rank))
    else:
        read = _read(trace, op.outputs[0], rank, op)
    for axis in read:
        trace.stick(trace.axis(trace.layout(x), axis), "its size is computed with")
    trace.layouts[op.outputs[0]] = Layout()


def _read(trace: Trace, name: str, rank: int, op: Op) -> set[int]:
    """The axes of which the ops that read a shape take the size."""
    start, end = op.attrs.get("start", 0), op.attrs.get("end", rank)
    assert isinstance(start, int)
    assert isinstance(end, int)
    axes = list(range(rank))[slice(start, end)]
    graph, found = trace.graph, set[int]()
    if name in graph.outputs:
        return set(axes)
    for i in graph.consumers.get(name, ()):
        reader = graph.ops[i]
        picked: list[int] | None = None
        if reader.label == "Gather" and reader.inputs[0] == name:
            data = trace.value(reader.inputs[1]).data
            picked = [axes[int(k)] for k in data] if data is not None else None
        elif reader.label == "Slice" and reader.inputs[0] == name:
            taken = ranges(reader, lambda n: trace.value(n).data, 1)
            picked = axes[slice(*taken[0])] if taken else None
        found |= set(axes if picked is None else picked)
    return found


def _leading(trace: Trace, op: Op) -> None:
    """TopK: the axis along which it chooses stays, the others pass."""
    rank = len(trace.shape(op.inputs[0]) or ())
    axis = op.attrs.get("axis", -1)
    assert isinstance(axis, int)
    left = trace.without(trace.layout(op.inputs[0]), [axis % max(rank, 1)], f"{op.label} chooses along it")
    trace.layouts.update(dict.fromkeys(op.outputs, left))


TABLE: Mapping[str, Callable[[Trace, Op], None]] = {
    "Gather": _gather,
    "Shape": _shape,
    "Size": _shape,
    "Slice": _slice,
    "Split": _split,
    "TopK": _leading,
}
