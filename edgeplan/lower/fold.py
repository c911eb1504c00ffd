"""What every runtime does before it runs a graph: constants computed, no-ops removed, dead branches cut off."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from edgeplan.graph import Graph, Op, Value
from edgeplan.lower.bodies import with_bodies

__all__ = ["drop_dead", "drop_noops", "fold", "redundant"]

_KEPT_CONSTANT = frozenset({"DequantizeLinear"})
"""Ops of constants that stay in the graph, with what follows them: the runtime keeps the quantised weight itself."""

_SHAPE_PRESERVING = frozenset({"Reshape", "Flatten", "Expand", "Tile", "Slice"})
_ONE_INPUT = frozenset({"Concat", "Sum", "Max", "Min", "Mean"})


def fold(graph: Graph, keep: Collection[str] = ()) -> Graph:
    """An ONNX graph as a runtime would run it, bodies included; `keep` are ops it runs even where they change nothing.

    Before: `w2 = Transpose(w); c = Cast<same type>(x); y = MatMul(c, w2); z = Relu(y)`, z unused
    After:  `y = MatMul(x, w2)`, w2 a constant
    """
    expanded: set[str] = set()
    ops: list[Op] = []
    for op in graph.ops:
        if op.type == "Identity" and not op.domain and op.type not in keep:
            ops.append(op)  # another name for a weight, not another weight
        elif not _is_constant(op, graph.values, expanded):
            expanded.update(o for o in op.outputs if graph.values[o].const)
            ops.append(with_bodies(op, lambda body: fold(body, keep)))
    settled = replace(graph, ops=tuple(ops))
    return drop_dead(drop_noops(settled, lambda op, values: op.type not in keep and _is_noop(op, values)))


def redundant(graph: Graph) -> tuple[str, ...]:
    """The ops of an ONNX graph that `fold` leaves out because they are known beforehand or change nothing, by name."""
    expanded: set[str] = set()
    found: list[str] = []
    for op in graph.ops:
        if _is_constant(op, graph.values, expanded):
            expanded.update(o for o in op.outputs if graph.values[o].const)
            found.append(op.name)
        elif _is_noop(op, graph.values):
            found.append(op.name)
    return tuple(found)


def _is_constant(op: Op, values: Mapping[str, Value], expanded: set[str]) -> bool:
    """Whether a converter computes the op beforehand: from constants, of which none has still to be `expanded`."""
    if op.type in _KEPT_CONSTANT or not op.outputs or not all(values[o].const for o in op.outputs):
        return False
    return expanded.isdisjoint(op.inputs) or all(values[o].data is not None for o in op.outputs)


def _is_noop(op: Op, values: Mapping[str, Value]) -> bool:
    """Whether the first output is the first input, unchanged."""
    if op.domain or not op.inputs or not op.outputs:
        return False
    source, target = values[op.inputs[0]], values[op.outputs[0]]
    if op.type == "Identity":
        return True
    if op.type == "Dropout":
        training = op.input("training_mode")
        return training is None or values[training].data == (False,)
    if op.type in ("Cast", "CastLike"):
        return source.dtype is not None and source.dtype is target.dtype
    if op.type in _ONE_INPUT:
        return len(op.inputs) == 1
    if op.type == "Split":
        return len(op.outputs) == 1
    if op.type in _SHAPE_PRESERVING:
        return source.elements is not None and source.shape == target.shape and not _reverses(op, values)
    if op.type == "Pad":
        pads = values[op.inputs[1]].data if len(op.inputs) > 1 else op.attrs.get("pads")
        return isinstance(pads, tuple) and not any(pads)
    return False


def _reverses(op: Op, values: Mapping[str, Value]) -> bool:
    """A Slice of the same shape that is no copy: it walks backwards, or nobody knows."""
    steps = op.input("steps")
    if op.type != "Slice" or steps is None:
        return False
    data = values[steps].data
    return data is None or any(isinstance(s, int) and s < 0 for s in data)


def drop_noops(graph: Graph, is_noop: Callable[[Op, Mapping[str, Value]], bool]) -> Graph:
    """Remove ops that hand their first input on, and let their readers read that input instead."""
    alias: dict[str, str] = {}
    ops: list[Op] = []
    for op in graph.ops:
        if alias:
            op = _renamed(op, alias)
        if is_noop(op, graph.values) and not any(_used(graph, name) for name in op.outputs[1:]):
            alias[op.outputs[0]] = op.inputs[0]
        else:
            ops.append(op)
    if not alias:
        return graph
    outputs = tuple(alias.get(o, o) for o in graph.outputs)
    return replace(graph, ops=tuple(ops), outputs=outputs)


def _used(graph: Graph, name: str) -> bool:
    return name in graph.consumers or name in graph.outputs


def _renamed(op: Op, alias: Mapping[str, str]) -> Op:
    if any(n in alias for n in op.inputs):
        op = replace(op, inputs=tuple(alias.get(n, n) for n in op.inputs))
    if op.bodies and any(n in alias for b in op.bodies for n in b.graph.captured):
        op = with_bodies(op, lambda body: _rename_captures(body, alias))
    return op


def _rename_captures(graph: Graph, alias: Mapping[str, str]) -> Graph:
    alias = {name: alias[name] for name in graph.captured if name in alias}
    values = dict(graph.values)
    for old, new in alias.items():
        if new not in values:
            values[new] = replace(values[old], name=new)
    ops = tuple(_renamed(op, alias) for op in graph.ops)
    return replace(graph, ops=ops, values=values, outputs=tuple(alias.get(o, o) for o in graph.outputs))


def drop_dead(graph: Graph) -> Graph:
    """Remove ops whose results nothing needs, and with them the values that no op is left to touch."""
    needed = set(graph.outputs)
    kept: list[Op] = []
    for op in reversed(graph.ops):
        if not op.outputs or not needed.isdisjoint(op.outputs):
            kept.append(op)
            needed.update(graph.reads(op) if op.bodies else op.inputs)
    if len(kept) == len(graph.ops):
        return graph
    kept.reverse()
    values = _touched(graph, kept, needed)
    return replace(graph, ops=tuple(kept), values=values)


def _touched(graph: Graph, ops: Iterable[Op], needed: set[str]) -> Mapping[str, Value]:
    names = {*needed, *graph.inputs, *(o for op in ops for o in op.outputs)}
    return {name: value for name, value in graph.values.items() if name in names}
