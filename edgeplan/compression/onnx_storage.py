"""How large an ONNX file is: its initializers and nodes as protobuf, and what quantising adds to them.

Quantised weights stand before a DequantizeLinear of their own; quantised activations between a QuantizeLinear and a
DequantizeLinear, as onnxruntime.quantization writes them (QDQ). Weights the scheme does not store stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod

from edgeplan.compression.layers import Layer
from edgeplan.compression.protobuf import field_size, varint_size
from edgeplan.graph import Attr, Graph, Op, Shape, Value
from edgeplan.lower.scheme import Scheme
from edgeplan.memory.deployment import constants

__all__ = ["most_described", "onnx_size"]

_FRAME = 300
"""Bytes of the model's header, and of its graph's inputs and outputs."""

_QUANTIZE, _DEQUANTIZE = len("QuantizeLinear"), len("DequantizeLinear")
_STORED, _SCALE, _ZERO = len("_quantized"), len("_scale"), len("_zero_point")
_MADE = len("_DequantizeLinear_Output")
_QUANTISED = frozenset({"Add", "Mul"})
_AXIS = 13
"""Bytes of the attribute `axis`."""


def onnx_size(graph: Graph, scheme: Scheme, taken: Iterable[Layer]) -> int:
    """Bytes of an ONNX file of a graph in ONNX's ops, with the weights in `taken` stored by the scheme.

    What was fused is written as one node, as the tools write it that fuse before they quantise.
    """
    layers = {layer.weight: layer for layer in taken}
    biases = _biases(graph, layers) if scheme.activations else frozenset()
    factors = _factors(graph) if scheme.activations else frozenset()
    total = _FRAME
    for name, value in constants(graph).items():
        if name in layers:
            total += _weight(layers[name], value, scheme)
        elif name in biases:
            total += _expanded(name, value.sizes or (), 32, value.sizes or ())
        elif name in factors and value.is_float:
            total += _expanded(name, value.sizes or (), scheme.activations, ())
        else:
            total += _tensor(len(name), value.sizes or (), ((value.elements or 0) * _bits(value, scheme) + 7) // 8)
    for owner, op in graph.walk():
        total += _node(op)
        if scheme.activations:
            total += sum(_activation(name, scheme) for name in op.outputs if owner.values[name].is_float)
    return total


def most_described(graph: Graph, scheme: Scheme) -> int:
    """The most that types and shapes of values add, which some tools write: of each that an op makes, and where
    activations are quantised of what those and the constants become, their scales and zero points.
    """
    made = [owner.values[name] for owner, op in graph.walk() for name in op.outputs]
    if not scheme.activations:
        return sum(_described(len(v.name), v.shape) for v in made)
    held = [v for v in constants(graph).values() if v.is_float]
    scales = sum(_described(len(v.name) + end, ()) for v in (*made, *held) for end in (_SCALE, _ZERO))
    return scales + sum(n * _described(len(v.name) + _MADE, v.shape) for n, vs in ((3, made), (2, held)) for v in vs)


def _described(name: int, shape: Shape) -> int:
    """A `ValueInfoProto`: a name, and the type of a tensor with its sizes, by number or by name."""
    dims = (1 + varint_size(d) if isinstance(d, int) else field_size(len(str(d or ""))) for d in shape or ())
    kind = field_size(2 + field_size(sum(map(field_size, dims))))
    return field_size(field_size(name) + field_size(kind))


def _bits(value: Value, scheme: Scheme) -> int:
    bits = value.dtype.bits if value.dtype else 0
    return scheme.bits if value.is_float and scheme.form == "float" and scheme.bits else bits


def _biases(graph: Graph, layers: Mapping[str, Layer]) -> frozenset[str]:
    """The biases of the ops whose weights are compressed: integers once activations are."""
    found = (op.input("C" if op.type == "Gemm" else "B") for _, op in graph.walk() if {*layers} & {*op.inputs})
    return frozenset(name for name in found if name is not None and name not in layers)


def _factors(graph: Graph) -> frozenset[str]:
    """What sums and products are of: where it is constant, integers once activations are."""
    return frozenset(name for _, op in graph.walk() if op.type in _QUANTISED for name in op.inputs)


def _tensor(name: int, shape: Sequence[int], size: int) -> int:
    """A `TensorProto`: its dimensions, its type, its name and its elements."""
    return field_size(sum(1 + varint_size(n) for n in shape) + 2 + field_size(name) + field_size(size))


def _weight(layer: Layer, value: Value, scheme: Scheme) -> int:
    if scheme.form == "float":
        return _tensor(len(layer.weight), layer.shape, (layer.elements * _bits(value, scheme) + 7) // 8)
    return _expanded(layer.weight, layer.shape, scheme.bits, _scales(layer, scheme))


def _expanded(weight: str, shape: Sequence[int], bits: int, scales: Sequence[int]) -> int:
    """A constant as it is stored, its scales and zero points, and the node that expands it."""
    name = len(weight)
    size = _tensor(name + _STORED, shape, (prod(shape) * bits + 7) // 8)
    size += _tensor(name + _SCALE, scales, 4 * prod(scales))
    size += _tensor(name + _ZERO, scales, (prod(scales) * bits + 7) // 8)
    names = (name + _STORED, name + _SCALE, name + _ZERO, name + _DEQUANTIZE, name + _DEQUANTIZE)
    return size + field_size(sum(map(field_size, names)) + field_size(_DEQUANTIZE) + _AXIS)


def _scales(layer: Layer, scheme: Scheme) -> tuple[int, ...]:
    if scheme.per == "tensor":
        return ()
    channels = layer.shape[layer.channel_axis or 0]
    return (channels, layer.elements // max(channels, 1) // scheme.size) if scheme.per == "block" else (channels,)


def _activation(name: str, scheme: Scheme) -> int:
    """The two nodes around an activation, its scale and its zero point."""
    length = len(name)
    scales = length + _SCALE, length + _ZERO
    size = _tensor(scales[0], (), 4) + _tensor(scales[1], (), scheme.activations // 8)
    for op in (_QUANTIZE, _DEQUANTIZE):
        names = (length, *scales, length + op, length + op)
        size += field_size(sum(map(field_size, names)) + field_size(op))
    return size


def _node(op: Op) -> int:
    names = (*map(len, op.inputs), *map(len, op.outputs), len(op.name), len(op.type))
    attributes = sum(field_size(field_size(len(name)) + 3 + _attribute(attr)) for name, attr in op.attrs.items())
    return field_size(sum(map(field_size, names)) + attributes)


def _attribute(attr: Attr) -> int:
    if isinstance(attr, tuple):
        return sum(map(_attribute, attr))
    if isinstance(attr, str):
        return field_size(len(attr))
    return 5 if isinstance(attr, float) else 1 + varint_size(int(attr))
