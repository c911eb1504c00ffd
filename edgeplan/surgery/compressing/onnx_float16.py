"""An ONNX model in float16, by onnxruntime's converter: large weights never pass through it, and are rounded later."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import onnx
import onnx_ir as ir
from numpy.typing import NDArray

from edgeplan.surgery.compressing.outcome import CompressError
from edgeplan.surgery.compressing.weights import Weight
from edgeplan.surgery.draft import Draft, graphs, weightless

__all__ = ["in_float16"]

_LARGE = 8192
"""Bytes above which a weight stands in as an input while the ops are converted."""


def in_float16(draft: Draft, keep: Collection[str], weights: Collection[Weight]) -> tuple[Draft, tuple[str, ...]]:
    """The model with its floats in float16, inputs and outputs as they were; ops named in `keep` stay as wide.

    And the types of the other ops that stay wide: onnxruntime's converter leaves those it has no float16 kernels for.
    Raises `CompressError`.
    """
    from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16

    wide = {w.value.name for w in weights if w.layer.op in keep}
    large = {
        name: value
        for name, value in draft.model.graph.initializers.items()
        if value.const_value is not None and value.const_value.nbytes > _LARGE and value.dtype == ir.DataType.FLOAT
    }
    ends = [v.name for v in (*draft.model.graph.inputs, *draft.model.graph.outputs)]
    proto = _with_stand_ins(weightless(draft.model), large, wide)
    _fill(proto, draft)
    try:
        made = ir.from_proto(
            convert_float_to_float16(proto, keep_io_types=ends, disable_shape_infer=True, node_block_list=list(keep))
        )
    except Exception as e:  # its errors share no base class
        said = (str(e) or type(e).__name__).splitlines()[0][:200]
        raise CompressError(f"onnxruntime's converter to float16 does not take this model: {said}") from None
    for value in [v for v in made.graph.inputs if v.name in large]:
        made.graph.inputs.remove(value)
        old = large[value.name or ""].const_value
        assert old is not None
        value.dtype = ir.DataType.FLOAT if value.name in wide else ir.DataType.FLOAT16
        value.const_value = old if value.name in wide else _rounded(old)
        made.graph.initializers[value.name or ""] = value
    made.graph.sort()  # the converter puts what it adds at the end
    half = Draft(made)
    half.declared = draft.declared
    blocked = sorted({n.op_type for n in half.model.graph.all_nodes()} & {*DEFAULT_OP_BLOCK_LIST})
    return half, tuple(blocked)


def _with_stand_ins(proto: onnx.ModelProto, large: Collection[str], wide: Collection[str | None]) -> onnx.ModelProto:
    """A model with inputs in place of its large weights; those that stay wide are of a type no converter minds."""
    kept = [t for t in proto.graph.initializer if t.name not in large]
    for tensor in proto.graph.initializer:
        if tensor.name in large:
            kind = onnx.TensorProto.UINT8 if tensor.name in wide else tensor.data_type
            proto.graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, kind, tensor.dims))
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(kept)
    return proto


def _fill(proto: onnx.ModelProto, draft: Draft) -> None:
    """Put in what lies beside the file and stays: small weights, and those of bodies, which cannot be inputs.

    And leave out what is said of the types of weights beside themselves, which the converter would believe.
    """
    held = {n: v.const_value for g in graphs(draft.model.graph) for n, v in g.initializers.items()}
    left = [proto.graph]
    while left:
        graph = left.pop()
        said = [v for v in graph.value_info if v.name not in held]
        del graph.value_info[:]
        graph.value_info.extend(said)
        for tensor in graph.initializer:
            known = held[tensor.name]
            if tensor.data_location == onnx.TensorProto.EXTERNAL and known is not None:
                tensor.CopyFrom(onnx.numpy_helper.from_array(known.numpy(), tensor.name))
        left += [a.g for n in graph.node for a in n.attribute if a.HasField("g")]


def _rounded(tensor: ir.TensorProtocol) -> ir.LazyTensor:
    """A float32 weight in float16, when it is read."""

    def compute() -> ir.TensorProtocol:
        return ir.Tensor(_half(np.asarray(tensor.numpy())), dtype=ir.DataType.FLOAT16, name=tensor.name)

    return ir.LazyTensor(
        compute, dtype=ir.DataType.FLOAT16, shape=ir.Shape(tensor.shape.numpy()), name=tensor.name or ""
    )


def _half(array: NDArray[np.float32]) -> NDArray[np.float16]:
    """Rounded to float16 as the converter does it: nothing finite becomes infinite, nor anything else 0."""
    with np.errstate(over="ignore", under="ignore"):
        made = array.astype(np.float16)
    lost = np.isinf(made) & np.isfinite(array)
    made[lost] = np.copysign(np.finfo(np.float16).max, array[lost])
    gone = (made == 0) & (array != 0)
    made[gone] = np.copysign(np.finfo(np.float16).smallest_subnormal, array[gone])
    return made
