"""Which tensors LiteRT lays into one buffer: views, and outputs written over an input.

Source: google-ai-edge/LiteRT@f67457790, tflite/arena_planner.cc, IdentifyInPlaceTensors, and `inplace_operator` of the
kernels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from edgeplan.graph import Graph, Op
from edgeplan.lower.views import is_view

__all__ = ["shared"]


def shared(graph: Graph) -> dict[str, str]:
    """Views, and ops that write over an input of the same size that nobody else reads.

    Inputs and outputs of the graph share with nothing.
    """
    inputs, outputs = frozenset(graph.inputs), frozenset(graph.outputs)
    reads = Counter(name for op in graph.ops for name in op.inputs)
    reads.update((*inputs, *outputs))
    found: dict[str, str] = {}
    for op in graph.ops:
        if not op.outputs or op.outputs[0] in outputs:
            continue
        for name in _candidates(graph, op):
            owner = found.get(name, name)
            if name in inputs or graph.values[name].const or name not in graph.producer:
                continue
            if is_view(graph, op) or (_same_size(graph, op, name) and reads[name] == reads[owner] == 1):
                found[op.outputs[0]] = owner
                break
    return found


def _candidates(graph: Graph, op: Op) -> tuple[str, ...]:
    if is_view(graph, op):
        return op.inputs[:1]
    return () if op.domain else op.inputs[: _OVERWRITTEN.get(op.type, 0)]


def _same_size(graph: Graph, op: Op, name: str) -> bool:
    size = graph.values[name].bytes
    return size is not None and size > _SCALAR and size == graph.values[op.outputs[0]].bytes


_OVERWRITTEN: Mapping[str, int] = {"ADD": 2, "DIV": 2, "DYNAMIC_UPDATE_SLICE": 1, "MUL": 2, "SOFTMAX": 1, "SUB": 2}
"""How many of its first inputs a kernel may write over."""

_SCALAR = 4
"""Bytes up to which a tensor is never written over."""
