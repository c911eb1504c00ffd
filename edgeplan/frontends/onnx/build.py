"""From an inferred ModelProto to the read-only Graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, GraphProto, NodeProto

from edgeplan.frontends.onnx.bind import model_inputs
from edgeplan.frontends.onnx.domains import is_default, plain_domain
from edgeplan.frontends.onnx.read import subgraphs
from edgeplan.frontends.onnx.scope import Known, Scope
from edgeplan.frontends.onnx.tensors import small_array
from edgeplan.graph import Attr, Body, Graph, Op, Scalar, Value

__all__ = ["build"]

_KEPT = {"f": 64}
_KEPT_OTHERS = 1024
"""Elements of a constant that a Value carries along for rules and lowerings to look at: settings, not weights."""


def build(graph: GraphProto, scope: Scope, opsets: Mapping[str, int]) -> Graph:
    """The graph with its bodies. An If whose condition is known is replaced by the branch it takes."""
    inputs = [i.name for i in model_inputs(graph)]
    return _Builder(opsets).graph(graph, scope, inputs, {}, {*inputs, *_made(graph)})


class _Builder:
    def __init__(self, opsets: Mapping[str, int]) -> None:
        self._opsets = opsets
        self._names: dict[str, int] = {}

    def graph(
        self, graph: GraphProto, scope: Scope, inputs: Sequence[str], outer: Mapping[str, str], own: set[str]
    ) -> Graph:
        """One graph. `outer` are new names of values around it; `own` its names: spliced branches add theirs."""
        ops: list[Op] = []
        values: dict[str, Value] = {}
        renamed = {old: new for old, new in outer.items() if old not in own}
        self._ops(graph, scope, ops, values, renamed, own)
        for name in (*inputs, *(o.name for o in graph.output)):
            values.setdefault(renamed.get(name, name), _value(name, scope.find(name)))
        outputs = tuple(renamed.get(o.name, o.name) for o in graph.output)
        return Graph(graph.name, "onnx", tuple(ops), values, tuple(inputs), outputs, self._opsets.get("", 0))

    def _ops(
        self,
        graph: GraphProto,
        scope: Scope,
        ops: list[Op],
        values: dict[str, Value],
        renamed: dict[str, str],
        reserved: set[str],
    ) -> None:
        for index, node in enumerate(graph.node):
            taken = scope.taken.get(index)
            if taken is not None:
                self._splice(node, taken, scope.children[index][0][1], ops, values, renamed, reserved)
                continue
            if node.op_type == "Constant" and is_default(node.domain):
                for name in node.output:
                    values[renamed.get(name, name)] = _value(renamed.get(name, name), scope.find(name))
                continue
            ops.append(self._op(index, node, scope, values, renamed))

    def _splice(
        self,
        node: NodeProto,
        taken: str,
        inner: Scope,
        ops: list[Op],
        values: dict[str, Value],
        renamed: dict[str, str],
        reserved: set[str],
    ) -> None:
        """Put the branch an If takes in its place; names that are taken already get the If's name in front."""
        branch = dict(subgraphs(node))[taken]
        names = dict(renamed)
        for name in _made(branch):
            fresh = name
            while fresh in reserved:
                fresh = f"{node.name or node.output[0]}/{fresh}"
            reserved.add(fresh)
            names[name] = fresh
        self._ops(branch, inner, ops, values, names, reserved)
        for out, result in zip(branch.output, node.output, strict=False):
            source = names.get(out.name, out.name)
            target = renamed.get(result, result)
            values.setdefault(source, _value(source, inner.find(out.name)))
            known = inner.find(out.name)
            values[target] = _value(target, known)
            ops.append(
                Op(
                    self._name(node, "Identity"),
                    "Identity",
                    (source,),
                    ("input",),
                    (target,),
                    version=self._opsets.get("", 0),
                )
            )

    def _op(
        self, index: int, node: NodeProto, scope: Scope, values: dict[str, Value], renamed: Mapping[str, str]
    ) -> Op:
        domain = plain_domain(node.domain)
        version = self._opsets.get(domain, 0)
        inputs: list[str] = []
        slots: list[int] = []
        for slot, name in enumerate(node.input):
            if not name:
                continue
            known_as = renamed.get(name, name)
            if known_as not in values:
                values[known_as] = _value(known_as, scope.find(name))
            inputs.append(known_as)
            slots.append(slot)
        outputs = []
        for name in node.output:
            if name:
                outputs.append(renamed.get(name, name))
                values[outputs[-1]] = _value(outputs[-1], scope.find(name))
        bodies = []
        if index in scope.children:
            by_name: dict[str, list[GraphProto]] = {}
            for attr, graph in subgraphs(node):
                by_name.setdefault(attr, []).append(graph)
            for attr, inner, trips in scope.children[index]:
                graph = by_name[attr].pop(0)
                bodies.append(Body(attr, self._body(graph, inner, values, renamed), trips))
        name = self._name(node, node.op_type)
        return Op(
            name,
            node.op_type,
            tuple(inputs),
            _ports(node.op_type, domain, version, tuple(slots)),
            tuple(outputs),
            _attrs(node),
            domain,
            version,
            tuple(bodies),
            (name,),
        )

    def _body(self, graph: GraphProto, inner: Scope, values: dict[str, Value], renamed: Mapping[str, str]) -> Graph:
        inputs = [i.name for i in graph.input]
        own = {*inputs, *_made(graph)}
        built = self.graph(graph, inner, inputs, renamed, own)
        for name in built.captured:
            if name in built.values and name not in own:
                values.setdefault(name, built.values[name])
        return built

    def _name(self, node: NodeProto, kind: str) -> str:
        """A name of its own: the node's, else its first output's, numbered when it was given before."""
        name = node.name or next((o for o in node.output if o), kind)
        count = self._names.get(name, 0)
        self._names[name] = count + 1
        return name if count == 0 else f"{name}#{count + 1}"


def _made(graph: GraphProto) -> Iterator[str]:
    """The names a graph gives: its weights, and what its nodes produce."""
    yield from (t.name for t in graph.initializer)
    yield from (s.values.name for s in graph.sparse_initializer)
    yield from (o for n in graph.node for o in n.output if o)


def _value(name: str, known: Known | None) -> Value:
    if known is None:
        return Value(name)
    data: tuple[Scalar, ...] | None = None
    if known.data is not None and known.data.size <= _KEPT.get(known.data.dtype.kind, _KEPT_OTHERS):
        data = tuple(known.data.ravel().tolist())
    return Value(name, known.dtype, known.shape, known.const, data)


@lru_cache(maxsize=4096)
def _ports(op_type: str, domain: str, version: int, slots: tuple[int, ...]) -> tuple[str, ...]:
    """The schema's names for the input slots that are taken; the last one repeats when it is variadic."""
    try:
        schema = onnx.defs.get_schema(op_type, version, domain)
    except onnx.defs.SchemaError:
        return tuple(f"input{slot}" for slot in slots)
    names = [i.name for i in schema.inputs]
    variadic = bool(names) and schema.inputs[-1].option == onnx.defs.OpSchema.FormalParameterOption.Variadic
    last = len(names) - 1
    return tuple(names[min(s, last)] if s <= last or variadic else f"input{s}" for s in slots)


def _attrs(node: NodeProto) -> dict[str, Attr]:
    found: dict[str, Attr] = {}
    for a in node.attribute:
        value = _attr(a)
        if value is not None:
            found[a.name] = value
    return found


def _attr(a: AttributeProto) -> Attr | None:
    """An attribute as rules see it; a small tensor becomes its elements, graphs and types are left out."""
    read = _READ.get(a.type)
    return None if read is None else read(a)


def _elements(a: AttributeProto) -> Attr | None:
    data: np.ndarray[Any, Any] | None = small_array(a.t)
    return None if data is None or data.size > _KEPT_OTHERS else tuple(data.ravel().tolist())


_READ: Mapping[int, Callable[[AttributeProto], Attr | None]] = {
    AttributeProto.INT: lambda a: a.i,
    AttributeProto.INTS: lambda a: tuple(a.ints),
    AttributeProto.FLOAT: lambda a: a.f,
    AttributeProto.FLOATS: lambda a: tuple(a.floats),
    AttributeProto.STRING: lambda a: a.s.decode("utf-8", "replace"),
    AttributeProto.STRINGS: lambda a: tuple(s.decode("utf-8", "replace") for s in a.strings),
    AttributeProto.TENSOR: _elements,
}
"""How an attribute's value is read, by its type."""
