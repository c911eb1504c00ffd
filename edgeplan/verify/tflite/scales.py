"""Scales for the integer tensors of a TFLite graph that was never quantised by anybody: any that its kernels accept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeplan.graph import DType, Graph, Op, Value

__all__ = ["Scales", "scales_of"]


@dataclass(frozen=True, slots=True)
class Scales:
    """How integers stand for reals: one scale, or one an index of axis `dimension`; zero points likewise."""

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    dimension: int = 0


_CENTRE = {
    DType.INT8: 0,
    DType.UINT8: 128,
    DType.INT16: 0,
    DType.INT4: 0,
    DType.UINT4: 8,
    DType.INT2: 0,
    DType.UINT2: 2,
}
"""The types whose tensors carry scales, with the zero point that puts 0 into the middle of the range."""

_USUAL = 1 / 64

_BOUNDED: Mapping[str, tuple[float, float]] = {
    "LOGISTIC": (0.0, 1.0),
    "SOFTMAX": (0.0, 1.0),
    "LOG_SOFTMAX": (-16.0, 0.0),
    "TANH": (-1.0, 1.0),
    "L2_NORMALIZATION": (-1.0, 1.0),
}
"""Results whose range the kernels fix; source: LiteRT `tflite/g3doc/performance/quantization_spec.md`."""

_MOVING = frozenset(
    {
        "AVERAGE_POOL_2D", "BATCH_TO_SPACE_ND", "BROADCAST_TO", "CONCATENATION", "DEPTH_TO_SPACE", "EXPAND_DIMS",
        "GATHER", "GATHER_ND", "MAXIMUM", "MAX_POOL_2D", "MINIMUM", "MIRROR_PAD", "PACK", "PAD", "PADV2", "REDUCE_MAX",
        "REDUCE_MIN", "RELU", "RELU6", "RESHAPE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "REVERSE_V2", "SELECT",
        "SELECT_V2", "SLICE", "SPACE_TO_BATCH_ND", "SPACE_TO_DEPTH", "SPLIT", "SPLIT_V", "SQUEEZE", "STRIDED_SLICE",
        "TILE", "TRANSPOSE", "UNPACK",
    }
)  # fmt: skip
"""Ops whose results have the scale of what they read; same source."""

_CHANNELS = {"DEPTHWISE_CONV_2D": 3}
"""The axis of a filter along which its scales differ; 0 of every other op's."""


def scales_of(graph: Graph) -> dict[str, Scales]:
    """Tensor name to its scales, for every 8, 4 and 2-bit integer, 16-bit ones, and the biases between them."""
    found: dict[str, Scales] = {}
    for op in graph.ops:
        for port, name in zip(op.ports, op.inputs, strict=True):
            if name not in found and port != "bias":
                _put(found, graph.values[name], _CHANNELS.get(op.type, 0))
        bias = op.input("bias")
        if bias is not None:
            _put_bias(found, graph.values[bias], op)
        for name in op.outputs:
            _put_result(found, graph.values[name], op)
    for name in (*graph.inputs, *graph.outputs):
        if name not in found:
            _put(found, graph.values[name], 0)
    return found


def _put(found: dict[str, Scales], value: Value, dimension: int) -> None:
    if value.dtype not in _CENTRE:
        return
    centre = _CENTRE[value.dtype]
    size = value.shape[dimension] if value.shape is not None and dimension < len(value.shape) else None
    if value.quantization == "per-channel" and isinstance(size, int):
        found[value.name] = Scales((_USUAL,) * size, (centre,) * size, dimension)
    else:
        found[value.name] = Scales((_USUAL,), (centre,))


def _put_bias(found: dict[str, Scales], bias: Value, op: Op) -> None:
    """A bias of integers counts in products of what is read and the filter."""
    weights = op.input("filter") or op.input("weights")
    data = found.get(op.inputs[0])
    if bias.dtype not in (DType.INT32, DType.INT64) or weights not in found or data is None or bias.name in found:
        return
    scale = tuple(data.scale[0] * s for s in found[weights].scale)
    found[bias.name] = Scales(scale, (0,) * len(scale))


def _put_result(found: dict[str, Scales], value: Value, op: Op) -> None:
    if value.dtype not in _CENTRE or value.name in found:
        return
    if op.type in _BOUNDED:
        low, high = _BOUNDED[op.type]
        found[value.name] = _range(value.dtype, low, high)
        return
    first = next((found[n] for n in op.inputs if n in found), None)
    if op.type in _MOVING and first is not None and len(first.scale) == 1:
        found[value.name] = first
    else:
        _put(found, value, 0)


def _range(dtype: DType, low: float, high: float) -> Scales:
    """All levels of a type spread over a range; those of 16 bits are symmetric."""
    if dtype is DType.INT16:
        return Scales((max(-low, high) / 2**15,), (0,))
    scale = (high - low) / 2**dtype.bits
    signed = dtype.label.startswith("int")
    zero = round(-low / scale) - (2 ** (dtype.bits - 1) if signed else 0)
    most = 2 ** (dtype.bits - 1) - 1 if signed else 2**dtype.bits - 1
    return Scales((scale,), (min(zero, most),))
