"""From a file to a ModelProto without weights: checked, functions inlined, ops in an order in which they can run."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx import AttributeProto, GraphProto, ModelProto

from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.mapped import mapped
from edgeplan.frontends.onnx.domains import opsets_of
from edgeplan.frontends.onnx.inline import inline
from edgeplan.frontends.onnx.schema import check_node
from edgeplan.frontends.onnx.tensors import check_tensor
from edgeplan.frontends.onnx.wire import KEEP, strip_weights

__all__ = ["read_model", "subgraphs"]

_GRAPH, _GRAPHS = AttributeProto.GRAPH, AttributeProto.GRAPHS
_TENSOR, _TENSORS = AttributeProto.TENSOR, AttributeProto.TENSORS

_DEEPEST = 16
"""Graphs inside graphs: real models stay below 5, and every level costs recursion here and in the runtimes."""


def read_model(source: Path | ModelProto) -> tuple[ModelProto, tuple[str, ...]]:
    """The model without weights, and the external files it needs that are not beside it.

    Raises `ModelError` on anything that is not a whole, well-formed model. A ModelProto is copied, never changed.
    """
    if isinstance(source, ModelProto):
        model, folder = _without_weights(source), None
    else:
        model, folder = _from_bytes(strip_weights(mapped(source))), source.parent
    if not model.HasField("graph"):
        raise ModelError("not an ONNX model: it has no graph")
    if not model.opset_import:
        raise ModelError("not an ONNX model: it names no opset")
    _check_text(*(o.domain for o in model.opset_import))
    if any(not 0 <= o.version < 2**31 for o in model.opset_import):
        raise ModelError("not an ONNX model: it names an opset that cannot be")
    if model.functions:
        model = inline(model)
    missing: dict[str, None] = {}
    bodies = _check_graph(model.graph, folder, opsets_of(model), 0, missing)
    _sort(model.graph, frozenset(), bodies)
    return model, tuple(missing)


def subgraphs(node: onnx.NodeProto) -> list[tuple[str, GraphProto]]:
    """The graphs a node holds, with the attribute each one stands in."""
    holders = [a for a in node.attribute if a.type in (_GRAPH, _GRAPHS)]
    return [(a.name, g) for a in holders for g in ((a.g,) if a.type == _GRAPH else a.graphs)]


def _from_bytes(data: bytes) -> ModelProto:
    try:
        model: ModelProto = ModelProto.FromString(data)
    except (DecodeError, RecursionError):
        raise ModelError("not an ONNX model: it is not a ModelProto, or it nests too deeply") from None
    return model


def _without_weights(model: ModelProto) -> ModelProto:
    if model.ByteSize() <= KEEP:
        copy = ModelProto()
        copy.CopyFrom(model)
        return copy
    return _from_bytes(strip_weights(memoryview(model.SerializeToString())))


def _check_graph(
    graph: GraphProto, folder: Path | None, opsets: Mapping[str, int], depth: int, missing: dict[str, None]
) -> bool:
    """Hold names, nodes and tensors to what later stages count on; returns whether any node has a body."""
    bodies = False
    if depth > _DEEPEST:
        raise ModelError(f"nests graphs deeper than {_DEEPEST}")
    tensors = [*graph.initializer]
    for sparse in graph.sparse_initializer:
        tensors += [sparse.values, sparse.indices]
    _check_text(graph.name, *(t.name for t in tensors), *(i.name for i in graph.value_info))
    for info in (*graph.input, *graph.output):
        _check_text(info.name, *(d.dim_param for d in info.type.tensor_type.shape.dim))
    for node in graph.node:
        inputs, attributes = [*node.input], [*node.attribute]  # lists: a protobuf's own are slow to go through
        _check_text(node.op_type, node.domain, node.name, *inputs, *node.output, *[a.name for a in attributes])
        check_node(node, inputs, attributes, opsets)
        holds = False
        for a in attributes:
            if a.type == _TENSOR:
                tensors.append(a.t)
            elif a.type == _TENSORS:
                tensors += a.tensors
            else:
                holds = holds or a.type in (_GRAPH, _GRAPHS)
        for _, inner in subgraphs(node) if holds else ():
            bodies = True
            _check_graph(inner, folder, opsets, depth + 1, missing)
    for tensor in tensors:
        if tensor.external_data:
            _check_text(*(text for e in tensor.external_data for text in (e.key, e.value)))
        location = check_tensor(tensor, folder)
        if location is not None and folder is not None and not os.path.isfile(folder / location):
            missing.setdefault(location)
    return bodies


def _check_text(*texts: str | bytes) -> None:
    """Protobuf hands out strings that are no UTF-8 as bytes."""
    if bytes in map(type, texts):
        raise ModelError("not an ONNX model: it holds a name that is not text")


def _sort(graph: GraphProto, outer: frozenset[str], bodies: bool) -> None:
    """Bring the nodes into an order in which each one's inputs exist, keeping the given order where it already does.

    Without `bodies` no node is looked into.
    """
    given = {i.name for i in graph.input} | {t.name for t in graph.initializer}
    given.update(s.values.name for s in graph.sparse_initializer)
    known = given | outer
    made: dict[str, int] = {"": -1}  # an absent input or output
    in_order = True
    for i, node in enumerate(graph.node):
        for name in (*node.input, *_captures(node)) if bodies else node.input:
            if name not in made and name not in known:
                in_order = False
        for out in node.output:
            if out and (out in made or out in given):
                raise ModelError(f"value {out!r} is produced twice")
            if out:
                made[out] = i
    if not in_order:
        _reorder(graph, known, made)
    for out_info in graph.output:
        if out_info.name not in known and made.get(out_info.name, -1) < 0:
            raise ModelError(f"output {out_info.name!r} is produced by nothing")
    if bodies:
        inside = frozenset(known | made.keys())
        for node in graph.node:
            for _, inner in subgraphs(node):
                _sort(inner, inside, bodies)


def _reorder(graph: GraphProto, known: Collection[str], made: Mapping[str, int]) -> None:
    """Sort the nodes, given the values there are before them, and the node that makes each of the others."""
    before: list[list[int]] = []
    for node in graph.node:
        reads = [n for n in (*node.input, *_captures(node)) if n]
        for name in reads:
            if name not in known and name not in made:
                raise ModelError(f"op {node.name or node.op_type!r} reads {name!r}, which nothing produces")
        before.append([made[n] for n in reads if n in made])
    nodes = [onnx.NodeProto.FromString(graph.node[i].SerializeToString()) for i in _topological(before, graph)]
    del graph.node[:]
    graph.node.extend(nodes)


def _captures(node: onnx.NodeProto) -> Iterator[str]:
    """Outer values that the bodies of a node read, bodies in bodies included."""
    for _, graph in subgraphs(node):
        own = {i.name for i in graph.input} | {t.name for t in graph.initializer}
        own.update(s.values.name for s in graph.sparse_initializer)
        own.update(o for n in graph.node for o in n.output)
        for inner in graph.node:
            yield from (n for n in (*inner.input, *_captures(inner)) if n and n not in own)
        yield from (o.name for o in graph.output if o.name not in own)


def _topological(before: list[list[int]], graph: GraphProto) -> list[int]:
    import networkx as nx

    dag = nx.DiGraph()
    dag.add_nodes_from(range(len(before)))
    dag.add_edges_from((p, i) for i, producers in enumerate(before) for p in producers)
    try:
        return list(nx.lexicographical_topological_sort(dag))
    except nx.NetworkXUnfeasible:
        cycle = [graph.node[a] for a, _ in nx.find_cycle(dag)]
        names = " -> ".join(repr(n.name or n.op_type) for n in cycle[:4])
        raise ModelError(f"the graph has a cycle: {names}{' -> ...' if len(cycle) > 4 else ''}") from None
