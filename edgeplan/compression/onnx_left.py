"""Weights of an ONNX model that are left as they are whatever the runtime: where they stand, or are not yet made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from edgeplan.compression.layers import Layer
from edgeplan.graph import Graph
from edgeplan.lower.weights import role_of

__all__ = ["COMPUTED", "INSIDE", "computed_weights", "left_in_onnx"]

COMPUTED = "computed of constants that others read, too: with its result in their place the file would grow"
INSIDE = "it stands in a body, into which onnxruntime's quantiser does not go"

_ROOM = 1 << 10
"""Elements of a result from which on it is not put in place of what makes it: so many floats are 4 KiB."""


def computed_weights(graph: Graph) -> tuple[Layer, ...]:
    """The weights of contractions that a graph computes of constants it needs besides, each once.

    Two LSTM share a weight whose gates each puts in order for itself; a table is turned to be a matrix, too.
    """
    readers = Counter(name for _, op in graph.walk() for name in op.inputs)
    found: dict[str, Layer] = {}
    for owner, op in graph.walk():
        for port, name in zip(op.ports, op.inputs, strict=True):
            value = owner.values[name]
            large = (value.elements or 0) > _ROOM and value.dtype is not None and value.dtype.is_float
            made = large and name in owner.producer and value.const and role_of(op, port, value) == "weight"
            if made and any(readers[leaf] > 1 for leaf in _leaves(owner, name)):
                found.setdefault(name, Layer(name, op.name, op.label, value.sizes or (), None, op.sources))
    return tuple(found.values())


def left_in_onnx(source: Graph, lowered: Graph, layers: Iterable[Layer]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Why weights of an ONNX model stay floats, by name: in any case, and where activations are quantised."""
    if lowered.dialect != "onnx":
        return {}, {}
    outside = {name for op in lowered.ops for name in op.inputs}
    inside = {layer.weight for layer in layers if layer.role in ("weight", "table")} - outside
    return {layer.weight: COMPUTED for layer in computed_weights(source)}, dict.fromkeys(inside, INSIDE)


def _leaves(graph: Graph, name: str) -> Iterator[str]:
    """The floats that a constant is computed of; none where a DequantizeLinear expands it."""
    waiting, seen = [name], {name}
    while waiting:
        last = waiting.pop()
        at, dtype = graph.producer.get(last), graph.values[last].dtype
        if at is None:
            if dtype is not None and dtype.is_float:
                yield last
        elif graph.ops[at].type != "DequantizeLinear":
            new = [n for n in graph.ops[at].inputs if n not in seen]
            seen.update(new)
            waiting += new
