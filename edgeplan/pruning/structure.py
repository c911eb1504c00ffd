"""What of a network can be pruned: groups of channels that go together, and what must stay, and why.

A unit is all that goes with one channel: a filter, its bias and scale, and what of every later weight reads it; a head
of an attention, a group of a convolution. Units found in the same axes of the same tensors are a group: of them any
number can go. After Fang et al., DepGraph (CVPR 2023), with indices in the place of layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edgeplan.graph import DType, Graph
from edgeplan.pruning.atoms import Labels
from edgeplan.pruning.layout import Block, Layout
from edgeplan.pruning.ops import follow
from edgeplan.pruning.trace import Trace

__all__ = ["Frozen", "Group", "Structure", "WeightAxis", "is_weight", "structure_of"]


@dataclass(frozen=True, slots=True)
class WeightAxis:
    """An axis of a weight that a group's units lie along, and how many of its indices each unit takes."""

    weight: str
    axis: int
    indices: int


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Units of which any can go, but not all. `name` is the op that makes them, `ops` all whose weights they lie in.

    `units` are their atoms, in the order in which they lie along the first of `axes`.
    """

    name: str
    units: Labels
    axes: tuple[WeightAxis, ...]
    ops: tuple[str, ...]

    @property
    def width(self) -> int:
        """Channels, as the op that makes them counts."""
        return len(self.units) * self.per_unit

    @property
    def per_unit(self) -> int:
        """Channels of a unit: more than one for a head, or a group of a convolution."""
        return self.axes[0].indices


@dataclass(frozen=True, slots=True)
class Frozen:
    """The outputs of an op with a weight that must all stay, and why."""

    op: str
    width: int
    reason: str


@dataclass(frozen=True, eq=False)
class Structure:
    """A graph with the units along its axes: `axes[value][axis]` has the atom of every index, live and stuck ones.

    Axes of which all indices must stay are left out.
    """

    graph: Graph
    atoms: int
    axes: Mapping[str, Mapping[int, Labels]]
    groups: tuple[Group, ...]
    frozen: tuple[Frozen, ...]

    @cached_property
    def all_kept(self) -> NDArray[np.bool_]:
        """The choice that keeps every atom; choices are arrays like it."""
        return np.ones(self.atoms, np.bool_)

    def without(self, kept: Mapping[int, Labels]) -> NDArray[np.bool_]:
        """The choice that keeps of each named group, by its index, only these units."""
        choice = self.all_kept.copy()
        for at, units in kept.items():
            choice[self.groups[at].units] = False
            choice[units] = True
        return choice


def is_weight(graph: Graph, name: str) -> bool:
    """Whether a value is a constant that no other is computed from, or one filled with a single number."""
    made = graph.producer.get(name)
    return graph.values[name].const and (made is None or graph.ops[made].label == "ConstantOfShape")


def structure_of(graph: Graph) -> Structure:
    """Follow channels through an ONNX graph. Near-linear in the indices of all axes."""
    trace = Trace(graph)
    for op in graph.ops:
        follow(trace, op)
    for out in graph.outputs:
        trace.stick(trace.layout(out), "an output of the model")
    for name in graph.inputs:
        trace.stick(trace.layout(name), "an input of the model")
    _straighten(trace)
    held: dict[int, Labels | None] = {}
    axes = {name: found for name in trace.layouts if (found := dict(_live(trace, name, held)))}
    groups = tuple(_groups(trace, axes))
    return Structure(graph, len(trace.atoms), axes, groups, tuple(_frozen(trace)))


def _straighten(trace: Trace) -> None:
    """Bring blocks of several axes down to one: only whole rows of a tensor can be cut.

    The axis leads along which most units are left: the two halves of a channel shuffle lose the same channels.
    """
    open_ = {id(b): b for lay in trace.layouts.values() for b in lay.blocks if len(b.axes) > 1}
    for b in open_.values():
        left = {axis: _units_along(trace, b, axis) for axis in _differing(trace, b)}
        if left:
            trace.rows(b, max(left, key=left.__getitem__))
    flat = {key: _flat(trace, b) for key, b in open_.items()}
    for name, lay in trace.layouts.items():
        if any(id(b) in flat for b in lay.blocks):
            trace.layouts[name] = Layout(tuple(flat.get(id(b), b) for b in lay.blocks))
    for lay in trace.layouts.values():
        for b in lay.blocks:
            roots = trace.atoms.find(b.labels)
            if (roots == roots[0]).all():
                trace.atoms.stick(roots[:1], "all of an axis would go at once")


def _differing(trace: Trace, block: Block) -> list[int]:
    """The axes along which the atoms of a block differ, those with the most indices first."""
    roots = trace.atoms.find(block.labels)
    found = [a for i, a in enumerate(block.axes) if (roots != roots.take([0], i)).any()]
    return sorted(found, key=lambda a: -block.labels.shape[block.at(a)])


def _units_along(trace: Trace, block: Block, axis: int) -> int:
    """How many units that may go are left when the rows of an axis go as a whole, and with them what shares an atom."""
    table = np.moveaxis(block.labels, block.at(axis), 0).reshape(block.labels.shape[block.at(axis)], -1)
    atoms, places = np.unique(trace.atoms.find(table), return_inverse=True)
    places = places.reshape(table.shape)
    unit = np.arange(len(table))
    while True:
        least = np.full(len(atoms), len(table))
        np.minimum.at(least, places, np.broadcast_to(unit[:, None], table.shape))
        joined = least[places].min(1)
        if np.array_equal(joined, unit):
            break
        unit = joined
    stuck = unit[trace.atoms.is_stuck(atoms)[places].any(1)]
    return len(np.setdiff1d(unit, stuck))


def _flat(trace: Trace, block: Block) -> Block:
    """A block with the one axis along which its atoms still differ."""
    axis = next(iter(_differing(trace, block)), block.axes[0])
    return Block((axis,), trace.rows(block, axis))


def _live(trace: Trace, name: str, held: dict[int, Labels | None]) -> Iterator[tuple[int, Labels]]:
    """The axes of a value of which some indices can go, with their atoms: one array for all that share their labels."""
    for b in trace.layouts[name].blocks:
        if id(b.labels) not in held:
            roots = trace.atoms.find(b.labels)
            held[id(b.labels)] = None if trace.atoms.is_stuck(roots).all() else roots
        found = held[id(b.labels)]
        if found is not None:
            yield b.axes[0], found


def _groups(trace: Trace, axes: Mapping[str, Mapping[int, Labels]]) -> Iterator[Group]:
    """Live atoms by the axes they lie in: those in all the same ones are a group."""
    rng = np.random.default_rng(0)
    signature = np.zeros(len(trace.atoms), np.uint64)
    weights: list[tuple[str, int, Labels]] = []
    for name, found in axes.items():
        for axis, roots in found.items():
            own, often = np.unique(roots, return_counts=True)
            signature[own] += rng.integers(1, 1 << 63, dtype=np.uint64) * often.astype(np.uint64)
            if is_weight(trace.graph, name):
                weights.append((name, axis, roots))
    readers = _readers(trace.graph)
    members: dict[int, list[WeightAxis]] = {}
    units: dict[int, Labels] = {}
    for name, axis, roots in weights:
        live = roots[~trace.atoms.is_stuck(roots)]
        for key in np.unique(signature[live]).tolist():
            mine = live[signature[live] == key]
            own, first = np.unique(mine, return_index=True)
            units.setdefault(key, own[np.argsort(first)])
            members.setdefault(key, []).append(WeightAxis(name, axis, len(mine) // len(own)))
    for key, mine_axes in members.items():
        if len(units[key]) == 1 or all(trace.value(m.weight).dtype in _SETTINGS for m in mine_axes):
            continue  # it is all there is; or no weight, but sizes and places
        ops = tuple(dict.fromkeys(o for m in mine_axes for o in readers.get(m.weight, ())))
        yield Group(ops[0] if ops else mine_axes[0].weight, units[key], tuple(mine_axes), ops)


def _readers(graph: Graph) -> dict[str, tuple[str, ...]]:
    """The ops that a weight flows into, through those that only compute with weights."""
    found: dict[str, tuple[str, ...]] = {}
    for i in range(len(graph.ops) - 1, -1, -1):
        op = graph.ops[i]
        through = bool(op.outputs) and all(graph.values[o].const for o in op.outputs)
        names = tuple(n for o in op.outputs for n in found.get(o, ())) if through else (op.name,)
        for name in op.inputs:
            if graph.values[name].const:
                found[name] = tuple(dict.fromkeys((*names, *found.get(name, ()))))
    return found


_SETTINGS = (DType.BOOL, DType.INT64, DType.STRING)
"""Types of constants that are no weights."""

_MAKERS: Mapping[str, tuple[tuple[int, int], ...]] = {
    "Conv": ((1, 0),),
    "ConvTranspose": ((1, 1),),
    "GRU": ((2, 2),),
    "Gemm": ((1, -1),),
    "LSTM": ((2, 2),),
    "MatMul": ((1, -1), (0, -2)),
    "RNN": ((2, 2),),
}
"""Of ops with a weight, the input it is and the axis along which its outputs lie."""


def _frozen(trace: Trace) -> Iterator[Frozen]:
    """Layers with a weight of which no output can go."""
    for op in trace.graph.ops:
        if op.domain or op.bodies:
            continue
        for at, axis in _MAKERS.get(op.type, ()):
            name = op.inputs[at]
            shape = trace.graph.values[name].sizes
            if not trace.is_weight(name) or shape is None or len(shape) < 2:
                continue
            axis = 0 if op.type == "Gemm" and op.attrs.get("transB") else axis % len(shape)
            block = trace.layout(name).of(axis)
            if block is None:
                continue
            roots = trace.atoms.find(block.labels)
            if trace.atoms.is_stuck(roots).all():
                yield Frozen(op.name, shape[axis], trace.atoms.why(int(roots.flat[0])))
