"""Which tensors LiteRT lays into one buffer: views, and outputs written over an input.

Source: google-ai-edge/LiteRT@f67457790, tflite/arena_planner.cc, IdentifyInPlaceTensors, and `inplace_operator` of the
kernels. Earlier releases share less: `rules/tflite/runs/2026-11-22-arena-reuse.csv`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Literal

from edgeplan.graph import Graph, Op, Value
from edgeplan.lower.views import is_view
from edgeplan.memory.figures import Figures
from edgeplan.memory.runtimes.litert.call import Home

__all__ = ["Reuse", "reuse_of", "shared"]

Reuse = Literal["none", "views", "overwrites"]
"""What a release shares: nothing, only views, or also what ops write over."""


def reuse_of(figures: Figures) -> Reuse:
    """What the release shares that the figures speak of."""
    if figures.get("arena-overwrites"):
        return "overwrites"
    return "views" if figures.get("arena-views") else "none"


def shared(
    graph: Graph, homes: Mapping[str, Home], own: Collection[int], reuse: Reuse = "overwrites"
) -> dict[str, str]:
    """Views, and ops that write over an input of the same size that nobody else reads, by the tensor they lie in.

    Inputs and outputs of the graph share with nothing, nor do ops that are not the interpreter's `own`.
    """
    inputs, outputs = frozenset(graph.inputs), frozenset(graph.outputs)
    reads = Counter(name for op in graph.ops for name in op.inputs)
    reads.update((*graph.inputs, *graph.outputs, *(n for n, home in homes.items() if home == "persistent")))
    found: dict[str, str] = {}
    for i, op in enumerate(graph.ops):
        if i not in own or not op.outputs or op.outputs[0] in outputs:
            continue
        view, made = is_view(graph, op), op.outputs[0]
        if reuse == "none" or (reuse == "views" and not view):
            continue
        for name in _candidates(op, view):
            fits = view or (_same_size(graph.values[name], graph.values[made]) and reads[name] == 1)
            if fits and name not in inputs and (homes[name] in ("arena", "late") or homes[name] == homes[made]):
                owner = found.get(name, name)
                if view or reads[owner] == 1:
                    found[made] = owner
                break
    return found


def _candidates(op: Op, view: bool) -> tuple[str, ...]:
    return op.inputs[:1] if view else () if op.domain else op.inputs[: _OVERWRITTEN.get(op.type, 0)]


def _same_size(one: Value, other: Value) -> bool:
    return one.bytes is not None and one.bytes > _SCALAR and one.bytes == other.bytes


_OVERWRITTEN: Mapping[str, int] = {"ADD": 2, "DIV": 2, "DYNAMIC_UPDATE_SLICE": 1, "MUL": 2, "SOFTMAX": 1, "SUB": 2}
"""How many of its first inputs a kernel may write over."""

_SCALAR = 4
"""Bytes up to which a tensor is never written over."""
