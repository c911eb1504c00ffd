"""Weights of an ONNX model in whole numbers, each with a DequantizeLinear in front of its op: standard ONNX."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import prod
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeplan.compression.layers import undivided
from edgeplan.compression.onnx_left import INSIDE
from edgeplan.lower.scheme import Scheme
from edgeplan.surgery.compressing.rounding import quantised
from edgeplan.surgery.compressing.weights import Weight
from edgeplan.surgery.draft import Draft

__all__ = ["dequantised", "ir_version_of", "opset_of", "why_not"]

_TYPES = {4: ir.DataType.INT4, 8: ir.DataType.INT8}


def opset_of(scheme: Scheme, weights: Iterable[Weight]) -> int:
    """The opset from which DequantizeLinear has what a scheme needs: blocks and 4 bits, float16 results, channels."""
    if scheme.bits < 8 or scheme.per == "block":
        return 21
    if any(w.value.dtype != ir.DataType.FLOAT for w in weights):
        return 19
    return 13 if scheme.per == "channel" else 10


def ir_version_of(opset: int) -> int:
    """The version of the file format that an opset came with, which has its types."""
    from onnx.helper import find_min_ir_version_for, make_opsetid

    return int(find_min_ir_version_for([make_opsetid("", opset)], ignore_unknown=True))


def why_not(scheme: Scheme, weight: Weight) -> str:
    """Why a scheme leaves a weight as it is; empty where it does not."""
    layer = weight.layer
    if weight.value.is_graph_input():
        return "it is an input of the model, too, and may be given"
    if weight.value.dtype not in (ir.DataType.FLOAT, ir.DataType.FLOAT16):
        return f"its weights are {str(weight.value.dtype).lower()}"
    if scheme.activations and weight.inside:
        return INSIDE
    if scheme.form == "float":
        return "its weights are float16 already" if weight.value.dtype == ir.DataType.FLOAT16 else ""
    if layer.role == "table":
        return "a table that rows are gathered from: it would be expanded whole at every run"
    return undivided(layer, scheme)


def dequantised(draft: Draft, scheme: Scheme, weights: Iterable[Weight]) -> None:
    """Store weights by a linear scheme, in place: symmetric to 0, a scale for the tensor, a channel or a block.

    A block is `scheme.size` elements in a row along the input axis, as ONNX has them.
    """
    for weight in weights:
        _one(draft, scheme, weight)


def _one(draft: Draft, scheme: Scheme, weight: Weight) -> None:
    value, shape = weight.value, weight.layer.shape
    axis, scales, split, shared = _layout(scheme, weight)
    name = value.name or "weight"
    tensor, dtype = value.const_value, value.dtype
    assert tensor is not None
    assert dtype is not None

    def parts() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return quantised(np.asarray(tensor.numpy()).astype(np.float32).reshape(split), scheme.bits, shared)

    made = (
        _stored(draft, f"{name}_quantized", _TYPES[scheme.bits], shape, lambda: np.rint(parts()[0]).reshape(shape)),
        _stored(draft, f"{name}_scale", dtype, scales, lambda: parts()[1].reshape(scales)),
    )
    graph = value.graph
    assert isinstance(graph, ir.Graph)
    attributes: dict[str, int] = {} if axis is None else {"axis": axis}
    if scheme.per == "block":
        attributes["block_size"] = scheme.size
    node = ir.node("DequantizeLinear", list(made), attributes, name=draft.fresh(f"{name}_DequantizeLinear"))
    out = node.outputs[0]
    out.name, out.shape, out.dtype = draft.fresh(f"{name}_dequantized"), value.shape, dtype
    readers = {user for user, _ in value.uses()}
    first = next((n for n in graph if n in readers), graph[0])  # a body's readers may come before
    inside = all(n.graph is graph for n in readers)
    ir.convenience.replace_all_uses_with(value, out)
    graph.insert_before(first if inside else graph[0], node)
    for part in made:
        graph.initializers[part.name or ""] = part
    del graph.initializers[name]


def _layout(scheme: Scheme, weight: Weight) -> tuple[int | None, tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The axis DequantizeLinear is told, the shape of the scales, and the shape and axes in which weights share one."""
    shape, outputs, inputs = weight.layer.shape, weight.layer.channel_axis, weight.layer.input_axis
    if scheme.per == "tensor" or outputs is None or inputs is None:
        return None, (), shape, tuple(range(len(shape)))
    if scheme.per == "channel":
        return outputs, (shape[outputs],), shape, tuple(i for i in range(len(shape)) if i != outputs)
    scales = (*shape[:inputs], shape[inputs] // scheme.size, *shape[inputs + 1 :])
    return inputs, scales, (*scales[: inputs + 1], scheme.size, *shape[inputs + 1 :]), (inputs + 1,)


def _stored(
    draft: Draft, name: str, dtype: ir.DataType, shape: tuple[int, ...], contents: Callable[[], NDArray[Any]]
) -> ir.Value:
    """A new constant, computed when it is written."""
    told = draft.fresh(name)
    size = ir.Shape(list(shape))

    def compute() -> ir.TensorProtocol:
        with np.errstate(invalid="ignore"):  # what is no number has no step
            return ir.Tensor(contents().astype(dtype.numpy()), dtype=dtype, name=told)

    small = prod(shape) <= 1
    tensor = ir.LazyTensor(compute, dtype=dtype, shape=size, name=told, cache=small)
    value = ir.Value(name=told, shape=size, const_value=tensor)
    value.dtype = dtype
    return value
