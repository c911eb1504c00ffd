"""Cuts off what comes last and no accelerator runs, as a model of its own for the host: NMS, TopK, decoding of boxes.

Before:
    heads = Conv(...)
    y = NonMaxSuppression(Sigmoid(heads), ...)          # one model, that leaves the accelerator at its end
After:
    model.onnx         heads = Conv(...)                # all of it on the accelerator
    model.host.onnx    y = NonMaxSuppression(Sigmoid(heads), ...)

Only the end is cut: ops that the accelerator does not run and behind which nothing multiplies matrices any more, with
all that follows them. So nothing ever goes back to the device, and the two models, one behind the other, are the old
one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgeplan.graph import Graph
from edgeplan.splitting.mincut import Cutter
from edgeplan.splitting.problem import Prices, problem_of
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.halves import cut_in_two

if TYPE_CHECKING:
    from edgeplan.plan import Plan

__all__ = ["Cut", "cut_for_host", "host_ops"]


@dataclass(frozen=True, slots=True)
class Cut:
    """A model in two: what runs on the device, and on the host; `boundary` are the tensors handed over."""

    device: Draft
    host: Draft
    boundary: tuple[str, ...]


def host_ops(draft: Draft, plan: Plan) -> frozenset[str]:
    """The names of the source ops at the end of the model that the host should run; empty when there are none."""
    taken = {u.unit for u in plan.units if u.accelerator}
    if not taken:
        return frozenset()
    off = {s for op in plan.ops if op.unit not in taken for s in op.sources}
    working = {s for op in plan.ops if op.macs for s in op.sources}
    graph = draft.graph
    index = {op.name: i for i, op in enumerate(graph.ops)}
    before_work = {index[name] for name in working if name in index}
    for i in range(len(graph.ops) - 1, -1, -1):  # in the order they run: readers come later
        if any(r in before_work for out in graph.ops[i].outputs for r in graph.consumers.get(out, ())):
            before_work.add(i)
    chosen: set[int] = set()
    for i, op in enumerate(graph.ops):
        if i in before_work:
            continue
        behind = any(graph.producer.get(v) in chosen for v in graph.reads(op))
        if behind or op.name in off:
            chosen.add(i)
    return frozenset(graph.ops[i].name for i in _least(graph, before_work, chosen)) if chosen else frozenset()


def _least(graph: Graph, before: Collection[int], chosen: Collection[int]) -> set[int]:
    """The ops for the host, `chosen` ones and what lies around them, so that as little as can be is handed over.

    A least cut: an op stands on the device's side or the host's, what the host has made never goes back, and a tensor
    costs its bytes once, whoever reads it.
    """
    sizes = [graph.values[name].bytes for name in graph.producer]
    problem = problem_of(
        len(graph.ops),
        [(made, graph.consumers.get(name, ())) for name, made in graph.producer.items()],
        here=[i not in chosen for i in range(len(graph.ops))],
        there=[i not in before for i in range(len(graph.ops))],
    )
    send = np.array([_TENSOR + (_UNKNOWN if size is None else size) for size in sizes], float)
    nothing = np.zeros(len(graph.ops))
    cut = Cutter(problem).cut(Prices(nothing, nothing, send))
    return set(np.flatnonzero(~cut.device).tolist())


_TENSOR = 4096
"""Bytes that handing over a tensor counts for, beside its own: many small ones are no better than one large one."""

_UNKNOWN = 1 << 20
"""Bytes a tensor whose size depends on data counts for."""


def cut_for_host(draft: Draft, names: Collection[str]) -> Cut | str:
    """The model cut in two so that the named ops, which only each other read, run on the host; or why it cannot be."""
    if not names:
        return "there is nothing to cut off"
    found = cut_in_two(draft, names, sized=False)
    if isinstance(found, str):
        return found
    if found.cloud is None:
        return "nothing would be handed over"
    if found.device is None:
        return "nothing would be left for the device"
    return Cut(found.device, found.cloud, found.boundary)
