"""How large a .tflite file is: its constants, their scales, and what a FlatBuffer takes to describe them.

What an entry takes was read off files that TensorFlow 2.19 and AI Edge Quantizer 0.10 wrote; names are the graph's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from edgeplan.compression.layers import Layer
from edgeplan.graph import Graph, Op, Value
from edgeplan.lower.scheme import Scheme

__all__ = ["flatbuffer_size", "most_added"]

_FRAME = 1200
"""Bytes of the header, the operator codes, the signature and the metadata."""

_TENSOR, _OP, _BUFFER, _SCALED = 44, 48, 24, 24
"""Bytes of an entry without its lists and its name; of one that is quantised besides."""

_CROSSING = 300
"""Bytes of the ops that leave integers before an op and take them up behind it, and of what they make."""

_INDEX = 4
_SCALE, _ZERO_POINT = 4, 8
_BLOCK_SCALE = 2
"""Bytes of a scale (float32) and its zero point (int64), and of a block's scale (float16)."""


@dataclass(frozen=True, slots=True)
class _Width:
    """Bits of an element, how many scales the tensor has, and blocks that have one in a tensor of its own."""

    bits: int
    scales: int = 0
    blocks: int = 0


def flatbuffer_size(graph: Graph, scheme: Scheme, taken: Iterable[Layer]) -> int:
    """Bytes of a .tflite file of a graph in TFLite's ops, with the weights in `taken` stored by the scheme."""
    layers = {layer.weight: layer for layer in taken}
    biases = _biases(graph, layers)
    total = _FRAME
    seen: set[str] = set()
    for owner, op in graph.walk():
        total += _OP + _INDEX * (len(op.inputs) + len(op.outputs))
        for name in (*op.inputs, *op.outputs):
            if name not in seen:
                seen.add(name)
                value = owner.values[name]
                total += _tensor(value, _width(value, scheme, layers, name in biases))
                total += _expansion(value) if scheme.name == "fp16" and value.is_float and value.const else 0
    return total


def most_added(graph: Graph, scheme: Scheme, taken: Iterable[Layer]) -> int:
    """The most that a tool adds where activations are quantised: what leaves integers for ops that have none and takes
    them up again, and four bytes more for each scale with activations of 16 bits, as TensorFlow's converter writes.
    """
    if not scheme.activations:
        return 0
    layers = {layer.weight: layer for layer in taken}
    scales = 2 * sum(layer.shape[layer.channel_axis or 0] for layer in layers.values())  # of weights and biases
    wide = _SCALE * scales if scheme.activations == 16 else 0
    return wide + _CROSSING * sum(layers.keys().isdisjoint(op.inputs) for op in graph.ops)


def _biases(graph: Graph, layers: Mapping[str, Layer]) -> frozenset[str]:
    """The biases of the ops whose weights are compressed: integers once activations are."""
    return frozenset(_bias_names(op for _, op in graph.walk() if not layers.keys().isdisjoint(op.inputs)))


def _bias_names(ops: Iterable[Op]) -> Iterator[str]:
    for op in ops:
        name = op.input("bias")
        if name is not None:
            yield name


def _width(value: Value, scheme: Scheme, layers: Mapping[str, Layer], bias: bool) -> _Width:
    bits = value.dtype.bits if value.dtype else 0
    if not value.is_float:
        return _Width(bits)
    if scheme.form == "float":
        return _Width(scheme.bits or bits)
    if value.name in layers:
        return _weight(layers[value.name], scheme)
    if not scheme.activations:
        return _Width(bits)
    if bias:
        return _Width(32 if scheme.activations == 8 else 64, value.elements or 0)
    return _Width(scheme.activations, 1)


def _weight(layer: Layer, scheme: Scheme) -> _Width:
    channels = layer.shape[layer.channel_axis or 0]
    if scheme.per == "block":
        return _Width(scheme.bits, 0, layer.elements // scheme.size)
    return _Width(scheme.bits, 1 if scheme.per == "tensor" else channels)


def _tensor(value: Value, width: _Width) -> int:
    """The entry of a tensor, its quantisation, and its elements where it is a constant."""
    size = _TENSOR + _INDEX * len(value.shape or ()) + len(value.name.encode())
    if width.scales:
        size += _SCALED + width.scales * (_SCALE + _ZERO_POINT)
    if width.blocks:
        size += _TENSOR + _SCALED + _BUFFER + width.blocks * _BLOCK_SCALE
    return size + (_BUFFER + ((value.elements or 0) * width.bits + 7) // 8 if value.const else 0)


def _expansion(value: Value) -> int:
    """The op that turns a constant in float16 into float32, and what it makes."""
    return _OP + 2 * _INDEX + _TENSOR + _INDEX * len(value.shape or ()) + len(value.name.encode())
