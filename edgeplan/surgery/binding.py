"""Makes a model static: free dimensions, input shapes and scalar inputs get the sizes and values they will have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.draft import Draft, declared, graphs

__all__ = ["bind"]


def bind(
    draft: Draft,
    dims: Mapping[str, int],
    shapes: Mapping[str, Sequence[int]],
    values: Mapping[str, float],
) -> None:
    """Bind, in place, as `edgeplan.load` binds: names must fit the model (it has been loaded with them before).

    Every shape that is not an input's is forgotten and inferred again: it belonged to other sizes. An input bound to a
    value is one no more.
    """
    if not (dims or shapes or values):
        return
    graph = draft.model.graph
    for value in graph.inputs:
        given = shapes.get(value.name or "")
        if given is not None:
            value.shape = ir.Shape(list(given))
        elif value.shape is not None:
            value.shape = ir.Shape([_size(d, dims) for d in value.shape])
    for part in graphs(graph):
        for node in part:
            for out in node.outputs:
                out.shape = None
    for value in [v for v in graph.inputs if v.name in values]:
        _fix(graph, value, values[value.name or ""])
    draft.refresh()
    draft.declared = declared(graph)


def _size(dim: int | ir.SymbolicDim, dims: Mapping[str, int]) -> int | str | None:
    if isinstance(dim, int):
        return dim
    return dims.get(dim.value or "", dim.value)


def _fix(graph: ir.Graph, value: ir.Value, number: float) -> None:
    """Put a constant of the same name in an input's place."""
    assert value.dtype is not None
    shape = [1] * len(value.shape) if value.shape is not None else []
    array = np.full(shape, number).astype(value.dtype.numpy())
    name = value.name or ""
    made = ir.Value(name=name, const_value=ir.Tensor(array, name=name), shape=ir.Shape(shape))
    made.dtype = value.dtype
    ir.convenience.replace_all_uses_with(value, made, replace_graph_outputs=True)
    graph.inputs.remove(value)
    graph.initializers[name] = made
