"""What of an op has to say new sizes once channels are gone: numbers of groups, shapes, lengths, indices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgeplan.graph import Op
from edgeplan.pruning.atoms import Labels
from edgeplan.pruning.ops.pick import ranges
from edgeplan.pruning.structure import Structure

__all__ = ["Kept", "Reform", "reforms"]


@dataclass(frozen=True, slots=True)
class Reform:
    """New attributes of an op (None for one that goes), and new contents of its small constant inputs, by port."""

    op: int
    attrs: Mapping[str, int | tuple[int, ...] | None] = field(default_factory=dict)
    inputs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A choice of what is kept (see `Structure.without`), as it is seen from values."""

    structure: Structure
    choice: NDArray[np.bool_]
    _left: dict[int, int] = field(default_factory=dict, init=False, repr=False)
    """By the identity of the labels, which axes of one size share, how many of them stay."""

    def mask(self, name: str, axis: int) -> NDArray[np.bool_] | None:
        """Which indices of an axis stay; None where all must."""
        labels = self.structure.axes.get(name, {}).get(axis)
        return self.choice[labels] if labels is not None else None

    def size(self, name: str, axis: int) -> int | None:
        """The new size of an axis; None where the old one is open."""
        labels = self.structure.axes.get(name, {}).get(axis)
        if labels is not None:
            return self._count(labels)
        shape = self.structure.graph.values[name].shape
        size = shape[axis] if shape is not None else None
        return size if isinstance(size, int) else None

    def changes(self, name: str) -> bool:
        """Whether an axis of a value gets shorter."""
        return any(self._count(labels) < len(labels) for labels in self.structure.axes.get(name, {}).values())

    def _count(self, labels: Labels) -> int:
        found = self._left.get(id(labels))
        if found is None:
            found = self._left[id(labels)] = int(np.count_nonzero(self.choice[labels]))
        return found


def reforms(kept: Kept) -> Iterator[Reform]:
    """What of a graph's ops has to change for a choice. Near-linear."""
    graph = kept.structure.graph
    for i, op in enumerate(graph.ops):
        step = None if op.domain else _STEPS.get(op.type)
        if step is not None and any(kept.changes(n) for n in (*op.inputs, *op.outputs)):
            found = step(kept, i, op)
            if found.attrs or found.inputs:
                yield found


def _data(kept: Kept, op: Op, port: str) -> tuple[int, ...]:
    name = op.input(port)
    data = kept.structure.graph.values[name].data if name is not None else None
    return tuple(int(d) for d in data or ())


def _convolution(kept: Kept, i: int, op: Op) -> Reform:
    """As many groups as there are left: of those that went as a whole fewer, of others as many."""
    groups, x = op.attrs.get("group", 1), op.inputs[0]
    assert isinstance(groups, int)
    mask = kept.mask(x, 1)
    if groups == 1 or mask is None:
        return Reform(i)
    rows = mask.reshape(groups, -1)
    whole = bool((rows.all(1) | ~rows.any(1)).all())
    return Reform(i, {"group": int(rows.any(1).sum()) if whole else groups})


def _group_norm(kept: Kept, i: int, op: Op) -> Reform:
    groups, mask = op.attrs.get("num_groups", 1), kept.mask(op.inputs[0], 1)
    assert isinstance(groups, int)
    return Reform(i, {"num_groups": int(mask.reshape(groups, -1).any(1).sum())} if mask is not None else {})


def _hidden(kept: Kept, i: int, op: Op) -> Reform:
    size = kept.size(op.inputs[2], 2)
    return Reform(i, {"hidden_size": size} if size is not None and "hidden_size" in op.attrs else {})


def _shaped(port: str) -> Callable[[Kept, int, Op], Reform]:
    """Ops that are told the shape of what they make: sizes that shrink are said anew, 0, -1 and 1 stay."""

    def step(kept: Kept, i: int, op: Op) -> Reform:
        told, out = list(_data(kept, op, port)), op.outputs[0]
        rank = len(kept.structure.graph.values[out].shape or ())
        for at in range(len(told)):
            size = kept.size(out, rank - len(told) + at)
            if told[at] > 1 and size is not None:
                told[at] = size
        return Reform(i, inputs={port: tuple(told)} if tuple(told) != _data(kept, op, port) else {})

    return step


def _reshape(kept: Kept, i: int, op: Op) -> Reform:
    """Sizes that shrink are said anew; 0, for an axis as before, too, where the two axes no longer are of one size."""
    attr = op.attrs.get("shape")  # before opset 5
    before = tuple(int(t) for t in attr) if isinstance(attr, tuple) else _data(kept, op, "shape")  # type: ignore[arg-type]
    told = list(before)
    for at, size in enumerate(before):
        new = kept.size(op.outputs[0], at)
        if new is not None and (size > 0 or (size == 0 and new != kept.size(op.inputs[0], at))):
            told[at] = new
    if tuple(told) == before:
        return Reform(i)
    return Reform(i, {"shape": tuple(told)}) if isinstance(attr, tuple) else Reform(i, inputs={"shape": tuple(told)})


def _squeeze(kept: Kept, i: int, op: Op) -> Reform:
    """Where all axes of one index go, those that have but one from now on must not go with them."""
    shape, told = kept.structure.graph.values[op.inputs[0]].shape or (), op.input("axes") or op.attrs.get("axes")
    if told is not None or all(kept.size(op.inputs[0], a) != 1 for a, n in enumerate(shape) if n != 1):
        return Reform(i)
    axes = tuple(a for a, n in enumerate(shape) if n == 1)
    return Reform(i, {"axes": axes}) if op.version < 13 else Reform(i, inputs={"axes": axes})


def _resize(kept: Kept, i: int, op: Op) -> Reform:
    """The sizes of some axes, or of all."""
    sizes, axes = list(_data(kept, op, "sizes")), op.attrs.get("axes")
    for at, axis in zip(range(len(sizes)), axes if isinstance(axes, tuple) else range(len(sizes)), strict=False):
        assert isinstance(axis, int)
        rank = len(kept.structure.graph.values[op.inputs[0]].shape or ())
        size = kept.size(op.outputs[0], axis % max(rank, 1))
        sizes[at] = size if size is not None else sizes[at]
    return Reform(i, inputs={"sizes": tuple(sizes)} if tuple(sizes) != _data(kept, op, "sizes") else {})


def _split(kept: Kept, i: int, op: Op) -> Reform:
    """The lengths of the parts, where they are not said or are not the same any more."""
    axis = op.attrs.get("axis", 0)
    assert isinstance(axis, int)
    shape = kept.structure.graph.values[op.inputs[0]].shape or ()
    axis %= max(len(shape), 1)
    if kept.mask(op.inputs[0], axis) is None:
        return Reform(i)
    sizes = tuple(kept.size(out, axis) or 0 for out in op.outputs)
    if "split" in op.attrs:
        return Reform(i, {"split": sizes})
    if op.input("split") is None and len(set(sizes)) == 1:
        return Reform(i)
    if op.version < 13:
        return Reform(i, {"split": sizes})
    return Reform(i, {"num_outputs": None} if "num_outputs" in op.attrs else {}, {"split": sizes})


def _slice(kept: Kept, i: int, op: Op) -> Reform:
    """Where an axis that got shorter is taken from and to."""
    graph, x = kept.structure.graph, op.inputs[0]
    rank = len(graph.values[x].shape or ())
    taken = ranges(op, lambda n: graph.values[n].data, rank)
    assert taken is not None
    starts, ends = [], []
    for axis, (start, end, step) in taken.items():
        mask = kept.mask(x, axis)
        if mask is not None and step == 1:
            low, high, _ = slice(start, end).indices(len(mask))
            start, end = int(mask[:low].sum()), int(mask[:high].sum())
        starts.append(start)
        ends.append(end)
    told = {"starts": tuple(starts), "ends": tuple(ends)}
    return Reform(i, dict(told)) if "starts" in op.attrs else Reform(i, inputs=told)


def _gather(kept: Kept, i: int, op: Op) -> Reform:
    """The indices of what is left, counted anew."""
    graph, x = kept.structure.graph, op.inputs[0]
    axis = op.attrs.get("axis", 0)
    assert isinstance(axis, int)
    mask = kept.mask(x, axis % max(len(graph.values[x].shape or ()), 1))
    if mask is None:
        return Reform(i)
    place = np.cumsum(mask) - 1
    return Reform(i, inputs={"indices": tuple(int(place[k]) for k in _data(kept, op, "indices") if mask[k])})


_STEPS: Mapping[str, Callable[[Kept, int, Op], Reform]] = {
    "ConstantOfShape": _shaped("input"),
    "Conv": _convolution,
    "ConvTranspose": _convolution,
    "Expand": _shaped("shape"),
    "GRU": _hidden,
    "Gather": _gather,
    "GroupNormalization": _group_norm,
    "LSTM": _hidden,
    "RNN": _hidden,
    "Reshape": _reshape,
    "Resize": _resize,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
}
