"""What the passes of coremltools make of a whole program: nothing without effect stays, and nothing comes twice."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import replace
from math import prod

from edgeplan.graph import Graph, Op, Value

__all__ = ["tidy"]

_NEUTRAL = {"add": 0, "sub": 0, "mul": 1, "real_div": 1, "floor_div": 1, "pow": 1}
"""The operand y that changes nothing; of add and mul, x as well (pass `noop_elimination`)."""

_COMMUTES = ("add", "mul")
_COMPARED = 100
"""Constants of fewer elements are compared by value, larger ones by name (pass `remove_redundant_ops`)."""


def tidy(graph: Graph) -> Graph:
    """The program as the passes leave it; what is taken out becomes an `identity`, or an op that nothing reads.

    Before: `c = conv(x, w); y = mul(c, -1); a = sub(y, m); b = sub(y, m); z = add(a, b)`
    After:  `y = conv(x, w'); a = sub(y, m); z = add(a, a)`

    Passes: noop_elimination, fuse_conv_scale, fuse_squeeze_expand_dims, fuse_reduce_mean, fuse_pow2_sqrt and
    remove_redundant_ops, of coremltools 9.0 `converters/mil/mil/passes/pass_pipeline.py`. Bodies are left as they are.
    """
    ops = list(graph.ops)
    for i, op in enumerate(ops):
        if len(op.outputs) != 1:
            continue
        for step in (_without_effect, _scaled, _expanded_again, _averaged, _squared_root):
            found = step(graph, ops, ops[i])
            if found is not None:
                ops[i] = found
    return replace(graph, ops=tuple(_without_twins(graph, ops)))


def _identity(op: Op, x: str) -> Op:
    return replace(op, type="identity", inputs=(x,), ports=("x",), attrs={})


def _feeds_only(graph: Graph, ops: list[Op], op: Op, types: tuple[str, ...]) -> Op | None:
    """The op of one of the types whose result `op` alone reads, once, among its inputs."""
    for name in op.inputs:
        at = graph.producer.get(name)
        if at is None or ops[at].type not in types or len(ops[at].outputs) != 1 or name in graph.outputs:
            continue
        if len(graph.consumers[name]) == 1 and op.inputs.count(name) == 1:
            return ops[at]
    return None


def _without_effect(graph: Graph, ops: list[Op], op: Op) -> Op | None:
    """add(x, 0), mul(x, 1), pow(x, 1) and so on, of the shape of x -> identity; not where the model returns it."""
    neutral = _NEUTRAL.get(op.type)
    if neutral is None or op.domain or op.outputs[0] in graph.outputs:
        return None
    shape = graph.values[op.outputs[0]].shape
    for port, other in (("y", "x"), ("x", "y")):
        x = op.input(other)
        if port == "x" and op.type not in _COMMUTES or x is None or shape is None or None in shape:
            continue
        data = graph.values[op.input(port) or x].data
        if data and all(v == neutral for v in data) and graph.values[x].shape == shape:
            return _identity(op, x)
    return None


def _scaled(graph: Graph, ops: list[Op], op: Op) -> Op | None:
    """mul(conv(x, const weight), scalar) -> conv."""
    before = _feeds_only(graph, ops, op, ("conv", "conv_transpose")) if op.type == "mul" else None
    if before is None or not graph.values[before.input("weight") or op.outputs[0]].const:
        return None
    factor = next(graph.values[n] for n in op.inputs if n != before.outputs[0])
    if not factor.const or factor.elements != 1 or len(factor.shape or ()) > 1:
        return None
    return replace(before, name=op.name, outputs=op.outputs, sources=_sources(before, op))


def _expanded_again(graph: Graph, ops: list[Op], op: Op) -> Op | None:
    """expand_dims(squeeze(x)) of the shape of x -> identity."""
    before = _feeds_only(graph, ops, op, ("squeeze",)) if op.type == "expand_dims" else None
    if before is None:
        return None
    shape = graph.values[before.inputs[0]].shape
    same = shape is not None and None not in shape and shape == graph.values[op.outputs[0]].shape
    return _identity(op, before.inputs[0]) if same else None


def _averaged(graph: Graph, ops: list[Op], op: Op) -> Op | None:
    """mul(reduce_sum(x), 1 / n), n elements summed up -> reduce_mean(x)."""
    before = _feeds_only(graph, ops, op, ("reduce_sum",)) if op.type == "mul" else None
    axes, shape = (None, None) if before is None else (before.attrs.get("axes"), graph.values[before.inputs[0]].shape)
    if before is None or not isinstance(axes, tuple) or shape is None:
        return None
    sizes = [shape[a] for a in axes if isinstance(a, int)]
    count = prod(d for d in sizes if isinstance(d, int))
    data = graph.values[next(n for n in op.inputs if n != before.outputs[0])].data or ()
    if not all(isinstance(d, int) for d in sizes) or count == 0 or len(data) != 1 or not isinstance(data[0], float):
        return None
    if abs(data[0] - 1 / count) > 1e-6:
        return None
    return replace(before, name=op.name, type="reduce_mean", outputs=op.outputs, sources=_sources(before, op))


def _squared_root(graph: Graph, ops: list[Op], op: Op) -> Op | None:
    """pow(sqrt(x), 2) and sqrt(pow(x, 2)) -> identity."""
    before = _feeds_only(graph, ops, op, {"pow": ("sqrt",), "sqrt": ("pow",)}.get(op.type, ()))
    if before is None or before.outputs[0] != op.input("x"):
        return None
    exponent = (op if op.type == "pow" else before).input("y")
    data = None if exponent is None else graph.values[exponent].data
    return _identity(op, before.inputs[0]) if data and all(v == 2 for v in data) else None


def _sources(*ops: Op) -> tuple[str, ...]:
    return tuple(dict.fromkeys(s for op in ops for s in op.sources))


def _without_twins(graph: Graph, ops: list[Op]) -> Iterator[Op]:
    """Of ops with the same inputs and attributes the first does the work; the others hand its result on."""
    same: dict[str, str] = {}
    first: dict[Hashable, int] = {}
    kept: list[Op] = []
    for op in ops:
        inputs = tuple(same.get(n, n) for n in op.inputs)
        if op.type == "identity" and not op.domain:
            same[op.outputs[0]] = inputs[0]
        plain = len(op.outputs) == 1 and not op.bodies and not op.domain and not op.type.startswith("random")
        if not plain or op.type == "identity" or op.outputs[0] in graph.outputs:
            kept.append(op)
            continue
        operands = tuple(_operand(graph.values[n]) for n in inputs)
        key = (op.type, op.ports, operands, tuple(sorted(op.attrs.items(), key=lambda kv: kv[0])))
        at = first.setdefault(key, len(kept))
        if at < len(kept):
            twin = kept[at]
            same[op.outputs[0]] = twin.outputs[0]
            kept[at] = replace(twin, sources=_sources(twin, op))
            op = _identity(op, twin.outputs[0])
        kept.append(op)
    yield from kept


def _operand(value: Value) -> Hashable:
    """What makes two inputs the same: the elements of a small constant, else the value itself."""
    if value.const and value.data is not None and len(value.data) < _COMPARED:
        return value.dtype, value.shape, value.data
    return value.name
