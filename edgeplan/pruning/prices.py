"""What an element of each tensor costs, in multiply-accumulates, seconds or bytes: the slope that pruning goes down.

All of these are, near a given model, sums over its tensors of a price times the elements: the multiply-accumulates of
an op are as many as its kernels' elements times the positions they are used at, its traffic what it reads and writes.
So a price a tensor tells what a group saves; the planner itself tells whether a goal is met.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from edgeplan.cost.work import work_of
from edgeplan.graph import Graph, Op
from edgeplan.pruning.structure import is_weight

if TYPE_CHECKING:
    from edgeplan.plan import Plan

__all__ = ["Prices", "of_bytes", "of_macs", "of_memory", "of_seconds"]

Prices = Mapping[str, float]
"""By the name of a value, what one of its elements costs."""


def of_macs(graph: Graph) -> Prices:
    """Multiply-accumulates."""
    found: dict[str, float] = {}
    for op in graph.ops:
        _spread(graph, op, float(work_of(graph, op).macs or 0), found)
    return found


def of_bytes(graph: Graph) -> Prices:
    """Bytes of weights, as the model holds them."""
    return {n: v.dtype.bits / 8 for n, v in graph.values.items() if v.dtype is not None and is_weight(graph, n)}


def of_seconds(graph: Graph, plan: Plan) -> Prices:
    """Seconds of the plan's kernels: for those busy with work by the work of their ops, else by the bytes they move."""
    index = {op.name: op for op in graph.ops}
    found: dict[str, float] = {}
    for time in plan.latency.kernels:
        names = dict.fromkeys(s for i in time.ops for s in plan.ops[i].sources)
        ops = [index[n] for n in names if n in index]
        macs = [float(work_of(graph, op).macs or 0) for op in ops]
        if time.busy_with == "work" and any(macs):
            for op, done in zip(ops, macs, strict=True):
                _spread(graph, op, time.busy * done / sum(macs), found)
            continue
        values = dict.fromkeys(v for op in ops for v in (*graph.reads(op), *op.outputs))
        sizes = {v: float(graph.values[v].bytes or 0) for v in values}
        moved = sum(sizes.values())
        for name, size in sizes.items():
            if size:
                _add(found, graph, name, time.busy * size / moved)
    return found


def of_memory(graph: Graph, plan: Plan) -> Prices:
    """Bytes of the plan's peak: of weights, and of the activations that are alive when most are."""
    weights = [n for n in graph.values if is_weight(graph, n)]
    stored = sum(graph.values[n].bytes or 0 for n in weights)
    alive = _alive(graph)
    held = sum(graph.values[n].bytes or 0 for n in alive)
    found: dict[str, float] = {}
    for names, size, whole in ((weights, stored, plan.memory.weights), (alive, held, plan.memory.activations)):
        for name in names:
            if size and graph.values[name].bytes:
                _add(found, graph, name, whole * (graph.values[name].bytes or 0) / size)
    return found


def _spread(graph: Graph, op: Op, cost: float, found: dict[str, float]) -> None:
    """Put what an op costs on the kernels and matrices it is done with, or, where it has none, on what it makes."""
    if not cost:
        return
    used = [n for n in op.inputs if graph.values[n].const and len(graph.values[n].shape or ()) > 1]
    on = used or list(op.outputs[:1])
    elements = {n: graph.values[n].elements or 0 for n in on}
    total = sum(elements.values())
    for name, n in elements.items():
        if n:
            _add(found, graph, name, cost * n / total)


def _add(found: dict[str, float], graph: Graph, name: str, cost: float) -> None:
    found[name] = found.get(name, 0.0) + cost / (graph.values[name].elements or 1)


def _alive(graph: Graph) -> Sequence[str]:
    """The computed values that are alive when, in the order of the ops, most bytes are. Near-linear."""
    born = dict.fromkeys(graph.inputs, 0)
    born |= {out: i for i, op in enumerate(graph.ops) for out in op.outputs if not graph.values[out].const}
    dies = {name: max(graph.consumers.get(name) or (at,)) for name, at in born.items()}
    dies |= dict.fromkeys(graph.outputs, len(graph.ops))
    change = [0] * (len(graph.ops) + 2)
    for name, at in born.items():
        size = graph.values[name].bytes or 0
        change[at] += size
        change[dies[name] + 1] -= size
    held = list(accumulate(change))
    best = held.index(max(held))
    return [name for name, at in born.items() if at <= best <= dies[name]]
