"""The graph that is left when channels go: the same ops with smaller tensors, for plans made before any surgery."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeplan.graph import DType, Graph, Op, Scalar, Value
from edgeplan.pruning.reform import Kept, Reform, reforms

__all__ = ["narrow"]


def narrow(kept: Kept) -> Graph:
    """The narrowed graph. Nothing is inferred anew: every size follows from the choice. Near-linear."""
    graph = kept.structure.graph
    values = {name: _narrowed(kept, v) if kept.changes(name) else v for name, v in graph.values.items()}
    ops = list(graph.ops)
    for reform in reforms(kept):
        ops[reform.op] = _reformed(ops[reform.op], reform, values)
    return replace(graph, ops=tuple(ops), values=values)


def _narrowed(kept: Kept, value: Value) -> Value:
    assert value.shape is not None
    axes = kept.structure.axes[value.name]
    shape = tuple(kept.size(value.name, axis) if axis in axes else old for axis, old in enumerate(value.shape))
    data: tuple[Scalar, ...] | None = None
    if value.data is not None and value.sizes is not None:
        left = np.arange(len(value.data)).reshape(value.sizes)
        for axis in range(left.ndim):
            mask = kept.mask(value.name, axis)
            if mask is not None:
                left = left.compress(mask, axis)
        data = tuple(value.data[i] for i in left.reshape(-1))
    return replace(value, shape=shape, data=data)


def _reformed(op: Op, reform: Reform, values: dict[str, Value]) -> Op:
    """The op with its new attributes and constants; these get names of their own, as others may read the old ones."""
    ports, inputs = list(op.ports), list(op.inputs)
    for port, data in reform.inputs.items():
        old = values[inputs[ports.index(port)]] if port in ports else None
        name = f"{op.name} {port} pruned"
        shape = () if old is not None and old.shape == () else (len(data),)
        values[name] = Value(name, old.dtype if old is not None else DType.INT64, shape, const=True, data=data)
        if port in ports:
            inputs[ports.index(port)] = name
        else:
            ports.append(port)
            inputs.append(name)
    attrs = {k: v for k, v in {**op.attrs, **reform.attrs}.items() if v is not None}
    return replace(op, ports=tuple(ports), inputs=tuple(inputs), attrs=attrs)
