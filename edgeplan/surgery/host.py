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

import onnx_ir as ir

from edgeplan.graph import Graph
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.least_cut import Network
from edgeplan.surgery.looking import captured

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
    net = Network()
    for i in chosen:
        net.edge(i, _HOST, _NEVER)
    for i, op in enumerate(graph.ops):
        if i in before:
            continue
        for name in graph.reads(op):
            made = graph.producer.get(name)
            if made is None:
                continue
            start = _DEVICE if made in before else made
            net.edge(("value", name), i, _NEVER)
            net.edge(i, start, _NEVER)
    for name, readers in graph.consumers.items():
        made = graph.producer.get(name)
        if made is not None and any(r not in before for r in readers):
            size = graph.values[name].bytes
            net.edge(
                _DEVICE if made in before else made, ("value", name), _TENSOR + (size if size is not None else _UNKNOWN)
            )
    _, device = net.cut(_DEVICE, _HOST)
    return {i for i in range(len(graph.ops)) if i not in before and i not in device}


_DEVICE, _HOST = "device", "host"
_NEVER = 1 << 60
_TENSOR = 4096
"""Bytes that handing over a tensor counts for, beside its own: many small ones are no better than one large one."""

_UNKNOWN = 1 << 20
"""Bytes a tensor whose size depends on data counts for."""


def cut_for_host(draft: Draft, names: Collection[str]) -> Cut | str:
    """The model cut in two so that the named ops, which only each other read, run on the host; or why it cannot be."""
    graph = draft.model.graph
    last = [n for n in graph if (n.name or (n.outputs[0].name or "")) in names]
    if not last:
        return "there is nothing to cut off"
    if len(last) == len(graph):
        return "nothing would be left for the device"
    inside = set(last)
    boundary = _read_from_outside(last, inside)
    given = [v for v in boundary if v.is_graph_input()]
    outputs = [v for v in graph.outputs if v.producer() in inside]
    kept = [v for v in graph.outputs if v.producer() not in inside]
    device_outputs = [*kept, *(v for v in boundary if v not in given and v not in kept)]
    if not device_outputs or not outputs:
        return "nothing would be handed over"
    unknown = [v for v in boundary if v.dtype is None or v.shape is None]
    if unknown:
        return f"the type or shape of {unknown[0].name} is not known"
    device = ir.convenience.extract(graph, list(graph.inputs), device_outputs)
    host = ir.convenience.extract(graph, boundary, outputs)
    old = draft.model
    made = [
        Draft(
            ir.Model(
                part,
                ir_version=old.ir_version,
                producer_name=old.producer_name,
                producer_version=old.producer_version,
                domain=old.domain,
                model_version=old.model_version,
                doc_string=old.doc_string,
                metadata_props=dict(old.metadata_props),
            )
        )
        for part in (device, host)
    ]
    return Cut(made[0], made[1], tuple(v.name or "" for v in boundary if v not in given))


def _read_from_outside(nodes: list[ir.Node], inside: set[ir.Node]) -> list[ir.Value]:
    """The values that flow into some nodes, weights left out."""
    found: dict[ir.Value, None] = {}
    for node in nodes:
        for value in (*node.inputs, *captured(node)):
            if value is None or value.producer() in inside:
                continue
            if value.producer() is not None or value.is_graph_input():
                found.setdefault(value)
    return list(found)
