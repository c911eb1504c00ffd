"""Takes the channels that go out of a model: slices of its weights, and what its ops say of sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeplan.pruning.reform import Kept, Reform, reforms
from edgeplan.surgery.draft import Draft

__all__ = ["cut"]


def cut(draft: Draft, kept: Kept) -> Draft:
    """A copy of a draft without what a choice leaves out; `kept` must be of the draft's own graph.

    Weights are sliced when the new model is written. Names, metadata, inputs and outputs stay as they are.
    """
    made = draft.copy()
    graph = made.model.graph
    nodes = {out.name: node for node in graph for out in node.outputs}  # names of nodes need not differ
    ops = kept.structure.graph.ops
    for reform in reforms(kept):
        _reform(made, nodes[ops[reform.op].outputs[0]], ops[reform.op].ports, reform)
    for name, value in graph.initializers.items():
        masks = {
            a: m for a in kept.structure.axes.get(name, {}) if (m := kept.mask(name, a)) is not None and not m.all()
        }
        if masks and value.const_value is not None:
            value.const_value = _sliced(value.const_value, masks)
            value.shape = value.const_value.shape
            if name in made.declared:  # the model lets a caller feed another weight: one of the new shape
                made.declared = {**made.declared, name: replace(made.declared[name], shape=value.shape)}
    for node in graph:
        for out in node.outputs:
            if kept.changes(out.name or ""):
                out.shape = None
    made.refresh()
    return made


def _sliced(tensor: ir.TensorProtocol, masks: Mapping[int, NDArray[np.bool_]]) -> ir.LazyTensor:
    """A tensor without the indices that go, read when it is asked for."""
    shape = [int(masks[a].sum()) if a in masks else int(n) for a, n in enumerate(tensor.shape.numpy())]

    def read(of: ir.TensorProtocol = tensor) -> ir.TensorProtocol:
        array: NDArray[Any] = of.numpy()
        for axis, mask in masks.items():
            array = array.compress(mask, axis)  # a copy: the file is not needed any more
        if isinstance(of, ir.ExternalTensor):
            of.release()
        return ir.Tensor(np.ascontiguousarray(array), dtype=of.dtype, name=of.name)

    reader: Callable[[], ir.TensorProtocol] = read
    return ir.LazyTensor(reader, dtype=tensor.dtype, shape=ir.Shape(shape), name=tensor.name)


def _reform(draft: Draft, node: ir.Node, ports: tuple[str, ...], reform: Reform) -> None:
    for name, attr in reform.attrs.items():
        if attr is None:
            node.attributes.pop(name, None)
        else:
            node.attributes.add(ir.convenience.convert_attribute(name, attr))
    for port, data in reform.inputs.items():
        present = [i for i, v in enumerate(node.inputs) if v is not None]
        at = present[ports.index(port)] if port in ports else len(node.inputs)
        old = node.inputs[at] if at < len(node.inputs) else None
        dtype = old.dtype if old is not None and old.dtype is not None else ir.DataType.INT64
        array = np.array(data, dtype.numpy())
        if old is not None and old.shape is not None and len(old.shape) == 0:
            array = array.reshape(())
        value = ir.Value(name=draft.fresh(f"{node.name or node.op_type}_{port}"), shape=ir.Shape(array.shape))
        value.dtype, value.const_value = dtype, ir.Tensor(array, dtype=dtype, name=value.name)
        draft.model.graph.initializers[value.name or ""] = value
        if at == len(node.inputs):
            node.resize_inputs(at + 1)
        node.replace_input_with(at, value)
