"""Merges what is there twice: weights with the same contents, then ops that make the same of the same inputs."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import suppress

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.draft import graphs
from edgeplan.surgery.looking import BLANK, bodies, is_output

__all__ = ["CHANCE", "merge_doubles"]

CHANCE = frozenset(
    ("Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")
)
"""Ops that may give something else each time."""

_EITHER_WAY = frozenset(("Add", "And", "Equal", "Max", "Mean", "Min", "Mul", "Or", "Sum", "Xor"))
"""Ops whose operands may change places."""

_COMPUTED = 1 << 20
"""Bytes above which a weight that is only computed when the model is written is not looked into."""

_CHUNK = 1 << 16
"""Bytes compared at once."""

_SAMPLES, _SAMPLE = 8, 64
"""How many pieces of how many bytes of a larger weight are looked at before all of it is."""


def merge_doubles(model: ir.Model) -> int:
    """Merge equal weights and equal ops, in place, in the graph and in each body; how many went."""
    return sum(_merge_weights(graph) + _merge_ops(graph) for graph in graphs(model.graph))


def _merge_weights(graph: ir.Graph) -> int:
    alike: dict[Hashable, list[ir.Value]] = {}
    for value in graph.initializers.values():
        tensor = value.const_value
        if tensor is None or value.is_graph_input() or is_output(value) or value.meta.get(BLANK):
            continue
        if tensor.dtype == ir.DataType.STRING:
            continue
        if not isinstance(tensor, ir.LazyTensor) or tensor.nbytes <= _COMPUTED:
            alike.setdefault((tensor.dtype, tuple(tensor.shape.numpy())), []).append(value)
    gone = 0
    for values in alike.values():
        if len(values) < 2:
            continue
        kept: dict[bytes, list[ir.Value]] = {}
        for value in values:
            sample = _sample(value)
            if sample is None:
                continue
            rivals = kept.setdefault(sample, [])
            twin = next((r for r in rivals if _same(value, r)), None)
            _let_go(value)
            if twin is None:
                rivals.append(value)
                continue
            ir.convenience.replace_all_uses_with(value, twin)
            del graph.initializers[value.name or ""]
            gone += 1
        for rival in (r for rivals in kept.values() for r in rivals):
            _let_go(rival)
    return gone


def _bits(value: ir.Value) -> np.ndarray | None:
    """A weight as bytes; None where they cannot be read."""
    assert value.const_value is not None
    try:
        return np.ascontiguousarray(value.const_value.numpy()).reshape(-1).view(np.uint8)
    except (OSError, ValueError):
        return None


def _let_go(value: ir.Value) -> None:
    """Unmap a weight that lies in a file of its own: what has been looked at must not stay in memory."""
    if isinstance(value.const_value, ir.ExternalTensor):
        with suppress(BufferError):  # somebody else looks at it
            value.const_value.release()


def _sample(value: ir.Value) -> bytes | None:
    """What weights must share to be equal; all of a small one."""
    bits = _bits(value)
    if bits is None or bits.size <= _SAMPLES * _SAMPLE:
        return None if bits is None else bits.tobytes()
    return b"".join(bits[at : at + _SAMPLE].tobytes() for at in range(0, bits.size, bits.size // _SAMPLES))


def _same(value: ir.Value, other: ir.Value) -> bool:
    """Whether two weights of one type, shape and sample have the same bits."""
    a, b = _bits(value), _bits(other)
    assert a is not None
    assert b is not None
    return all(np.array_equal(a[at : at + _CHUNK], b[at : at + _CHUNK]) for at in range(0, a.size, _CHUNK))


def _merge_ops(graph: ir.Graph) -> int:
    seen: dict[Hashable, ir.Node] = {}
    gone = 0
    for node in graph:
        if bodies(node) or (node.op_type in CHANCE and node.domain == ""):
            continue
        first = seen.setdefault(_said(node), node)
        if first is node:
            continue
        pairs = list(zip(node.outputs, first.outputs, strict=True))
        if any(is_output(twice) for twice, _ in pairs):
            continue  # a graph hands out values by their names, each its own
        for twice, once in pairs:
            ir.convenience.replace_all_uses_with(twice, once)
        graph.remove(node, safe=True)
        gone += 1
    return gone


def _said(node: ir.Node) -> Hashable:
    """All that decides what an op makes; ops are equal when this is."""
    inputs = [id(v) if v is not None else 0 for v in node.inputs]
    if node.op_type in _EITHER_WAY and node.domain == "":
        inputs.sort()
    wanted = tuple(bool(o.name) for o in node.outputs)
    return node.op_identifier(), tuple(inputs), wanted, tuple(_settings(node))


def _settings(node: ir.Node) -> Iterator[Hashable]:
    for name, attr in sorted(node.attributes.items()):
        if attr.is_ref():
            yield name, attr.ref_attr_name
        elif isinstance(attr.value, (int, float, str, bytes)):
            yield name, attr.type, attr.value
        elif attr.type in (ir.AttributeType.INTS, ir.AttributeType.FLOATS, ir.AttributeType.STRINGS):
            yield name, attr.type, tuple(attr.value)
        else:  # tensors and types are few: only the very same one counts as equal
            yield name, id(attr.value)
