"""The weights of an engine: the graph's constants as TensorRT stores them."""

from __future__ import annotations

from math import prod

from edgeplan.graph import DType, Graph, Op
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.runtimes.tensorrt.values import bytes_of

__all__ = ["weights_of"]

_HALF = (DType.FLOAT16, DType.BFLOAT16)


def weights_of(given: Deployment, half: bool) -> int:
    """Bytes of the constants as the engine holds them; `half` says that float32 is computed as float16.

    What is only quantised is stored as int8.
    """
    quantized: set[str] = set()
    other: set[str] = set()
    padding = 0
    for graph, op in given.graph.walk():
        padding += _padding(graph, op, half)
        for port, name in zip(op.ports, op.inputs, strict=True):
            if graph.values[name].const:
                (quantized if op.type == "QuantizeLinear" and port == "x" else other).add(name)
    total = 0
    for name, value in given.constants.items():
        alone = name in quantized and name not in other
        total += (value.elements if alone else bytes_of(value, half)) or 0
    return total + padding


def _padding(graph: Graph, op: Op, half: bool) -> int:
    """What a convolution of an odd number of channels adds in half precision: a plane of zeros is joined to its input.

    TensorRT-RTX 1.7.1 stores that plane (batch, 1, height, width) as a constant and pads the weights by one channel: 3
    channels of 28x28 into 64 with 3x3 take 1568 + 1152 bytes more.
    """
    if op.label != "Conv" or op.attrs.get("group", 1) != 1 or op.input("W") is None:
        return 0
    value, weight = graph.values[op.inputs[0]], graph.values[op.inputs[1]]
    if not (value.dtype in _HALF or (half and value.dtype is DType.FLOAT32)) or not weight.const:
        return 0
    elements, sizes = value.elements, weight.shape or ()
    channels = value.shape[1] if value.shape and len(value.shape) > 1 else None
    if not elements or not isinstance(channels, int) or channels % 2 == 0:
        return 0
    taps = prod(d for d in (*sizes[:1], *sizes[2:]) if isinstance(d, int))
    return 2 * (elements // channels + taps)
