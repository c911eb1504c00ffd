"""The widths of a network's layers, before and after: what is typed into the code that builds and trains it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from edgeplan.graph import Op
from edgeplan.pruning.atoms import Labels
from edgeplan.pruning.reform import Kept

__all__ = ["LayerWidths", "layer_widths"]

_OUT = {"Conv": 1, "ConvTranspose": 1, "Gather": -1, "Gemm": -1, "GRU": -1, "LSTM": -1, "MatMul": -1, "RNN": -1}
"""The axis of its output along which a layer's channels, features or hidden units lie."""


@dataclass(frozen=True, slots=True)
class LayerWidths:
    """Layers that have one width, since their outputs meet: the ops, and their output channels before and after.

    `parts` are the heads of an attention, or whatever of several channels only goes as a whole, before and after; None
    where every channel can go by itself.
    """

    ops: tuple[str, ...]
    before: int
    after: int
    parts: tuple[int, int] | None = None


def layer_widths(kept: Kept) -> tuple[LayerWidths, ...]:
    """The widths of all layers with a weight, in the graph's order; those tied to each other as one. Near-linear."""
    found: dict[object, LayerWidths] = {}
    for op, axis, before in _layers(kept):
        labels = kept.structure.axes.get(op.outputs[0], {}).get(axis)
        key: object = op.name if labels is None else labels.tobytes()
        if key in found:
            found[key] = replace(found[key], ops=(*found[key].ops, op.name))
        elif labels is None:
            found[key] = LayerWidths((op.name,), before, before)
        else:
            found[key] = LayerWidths((op.name,), before, int(kept.choice[labels].sum()), _parts(kept, labels))
    return tuple(found.values())


def _parts(kept: Kept, labels: Labels) -> tuple[int, int] | None:
    atoms, counts = np.unique(labels, return_counts=True)
    if counts.min() != counts.max() or counts[0] == 1:
        return None
    return len(atoms), int(kept.choice[atoms].sum())


def _layers(kept: Kept) -> Iterator[tuple[Op, int, int]]:
    """Ops with a weight that decides on the channels they make, the axis these lie along, and how many there are."""
    graph = kept.structure.graph
    for op in graph.ops:
        if op.domain or op.type not in _OUT or op.bodies or not op.outputs:
            continue
        at = 0 if op.type == "Gather" else 1  # the table that rows are taken from
        weight, shape = graph.values[op.inputs[at]], graph.values[op.outputs[0]].shape
        if not weight.const or len(weight.shape or ()) < 2 or not shape:
            continue
        axis = _OUT[op.type] % len(shape)
        size = shape[axis]
        if isinstance(size, int):
            yield op, axis, size
