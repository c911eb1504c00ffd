"""How large a Core ML model is on disk: a package of a program and its weights, or, before iOS 15, one file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from edgeplan.compression.layers import Layer
from edgeplan.compression.mil_program import Names, program_size
from edgeplan.compression.mil_storage import Stored, file_size, needs_ios_18, stored_constants
from edgeplan.graph import Graph
from edgeplan.lower.scheme import Scheme
from edgeplan.memory.range import Range
from edgeplan.units import round_up

__all__ = ["NAMES", "model_size", "package_size"]

NAMES = {
    "pytorch": Names(lambda name: 8, lambda name: 7 if "/" in name or "::" in name or "." not in name else len(name)),
    "onnx": Names(len, len),
}
"""How long names are that coremltools' PyTorch frontend makes (`input_27`, `const_5`), and those of an ONNX file."""

_MANIFEST = 617
_SHORTER, _LONGER = 0.8, 1.1
"""How programs were to what they are computed as: converters join what an ONNX file spells out, or spell out more."""

_FEWER = 0.99
"""The least that weights were: equal constants are held once, and of weights of one magnitude all are pruned."""

_APART = 220
"""Bytes of a bias of its own beside its elements: its description in the file, and its constant in the program."""

_PAIR = Range(600, 1100, 2200)
"""Bytes of the program for one quantised activation: two ops with a scale and a zero point each."""

_LAYER = 130
"""Bytes of a layer of a NeuralNetwork beside its weights: 13.958 MB of MobileNetV2 hold 13.951 MB of them."""


def package_size(graph: Graph, scheme: Scheme, taken: Sequence[Layer], ios: int) -> Range:
    """Bytes of an .mlpackage for an `ios` release (15 and later) of a MIL graph, with `taken` stored by the scheme.

    Likely is what comes out of PyTorch; with the names of an ONNX file the program is larger. A bias that several ops
    read is one here: exporters write those of untrained networks once, for they are all zero. After training each is
    one of its own; that is in the most.
    """
    ios = max(ios, 18) if needs_ios_18(scheme) else ios
    stored = tuple(stored_constants(graph, scheme, taken, ios))
    weights = file_size(array for s in stored for array in s.arrays) + _MANIFEST
    short, long = (program_size(graph, stored, NAMES[kind], ios) for kind in ("pytorch", "onnx"))
    longest = round(_LONGER * max(short, long)) + _apart(graph, stored)
    size = Range(round(_FEWER * weights + _SHORTER * short), weights + short, weights + longest)
    return size + _quantised(graph, taken) if scheme.activations else size


def _apart(graph: Graph, stored: Sequence[Stored]) -> int:
    """What more there is where each reader of a vector has its own."""
    readers = Counter(name for _, op in graph.walk() for name in op.inputs)
    again = ((s, readers[s.value.name] - 1) for s in stored if len(s.value.shape or ()) == 1 and s.arrays[0].filed)
    return sum((_APART + round_up(s.arrays[0].bytes, 64)) * more for s, more in again)


def _quantised(graph: Graph, taken: Sequence[Layer]) -> Range:
    """The ops around what the layers read, each once."""
    weights = {layer.weight for layer in taken}
    read = {n for owner, op in graph.walk() if weights & {*op.inputs} for n in op.inputs if not owner.values[n].const}
    return Range(*(len(read) * size for size in (_PAIR.low, _PAIR.likely, _PAIR.high)))


def model_size(graph: Graph, scheme: Scheme, taken: Sequence[Layer]) -> Range:
    """Bytes of an .mlmodel with a NeuralNetwork, whose weights lie in the protobuf with the layer that reads them.

    Floats that the scheme leaves are float32 unless their author had them halved: the least counts on that.
    """
    layers = {layer.weight: layer for layer in taken} if scheme.form != "float" else {}
    described, fixed, floats = _LAYER * len(graph.ops), 0, 0
    for owner, op in graph.walk():
        for name in op.inputs:
            value = owner.values[name]
            if name in layers:
                fixed += (layers[name].elements * scheme.bits + 7) // 8 + _table(layers[name], scheme)
            elif value.const and value.dtype is not None and value.dtype.is_float:
                floats += value.elements or 0
    least, most = (scheme.bits, scheme.bits) if scheme.form == "float" and scheme.bits else (16, 32)
    likely = fixed + floats * most // 8 + described
    return Range(fixed + floats * least // 8, likely, likely + described)


def _table(layer: Layer, scheme: Scheme) -> int:
    """A palette, or a scale and an offset for each channel, in float32."""
    if scheme.form == "palette":
        return 4 << scheme.bits
    return 8 * (1 if scheme.per == "tensor" else layer.shape[layer.channel_axis or 0])
