"""From the subgraphs of a file to the read-only Graph."""

from __future__ import annotations

from collections.abc import Mapping

from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.tflite.call import as_ints
from edgeplan.frontends.tflite.infer import Sizes
from edgeplan.frontends.tflite.read import ABSENT, Operator, Subgraph, TfliteFile
from edgeplan.frontends.tflite.unsized import DYNAMIC, dynamic
from edgeplan.graph import Body, Graph, Op, Scalar, Value

__all__ = ["build", "check_depth", "tensor_names"]

_MOST_OPS = 2**20
"""Ops that bodies may come to when each is counted wherever it is called: a file can name them without end."""

_DEEPEST = 16


def build(file: TfliteFile, sizes: Sizes) -> Graph:
    """The main subgraph, with the others as bodies of the ops that run them."""
    return _Builder(file).graph(file.subgraph(0), sizes, "")


def check_depth(file: TfliteFile) -> None:
    """Refuse subgraphs that call themselves, are nested too deep or unfold to too many ops."""
    counts: dict[int, int] = {}

    def count(index: int, path: tuple[int, ...]) -> int:
        if index in path:
            raise ModelError(f"subgraph {index} calls itself")
        if len(path) >= _DEEPEST:
            raise ModelError(f"subgraphs are nested more than {_DEEPEST} deep")
        if index not in counts:
            ops = file.subgraph(index).ops
            counts[index] = len(ops) + sum(count(i, (*path, index)) for op in ops for _, i in op.bodies)
            if counts[index] > _MOST_OPS + len(ops):
                raise ModelError("subgraphs call each other too often to be followed")
        return counts[index]

    count(0, ())


def tensor_names(graph: Subgraph, prefix: str = "") -> list[str]:
    """A name of its own for every tensor: the file's, numbered when it was given before or is empty."""
    taken: dict[str, int] = {}
    found = []
    for i, tensor in enumerate(graph.tensors):
        name = prefix + (tensor.name or f"tensor{i}")
        taken[name] = taken.get(name, 0) + 1
        found.append(name if taken[name] == 1 else f"{name}#{taken[name]}")
    return found


class _Builder:
    def __init__(self, file: TfliteFile) -> None:
        self._file = file
        self._stored: dict[tuple[object, ...], Value] = {}
        self._ops: dict[str, int] = {}
        self._bodies = 0

    def graph(self, graph: Subgraph, sizes: Sizes, prefix: str) -> Graph:
        """One subgraph; `prefix` keeps the names of its tensors apart from those of others."""
        named = tensor_names(graph, prefix)
        values = [self._value(graph, sizes, i, name) for i, name in enumerate(named)]
        ops = tuple(self._op(graph, sizes, n, op, values) for n, op in enumerate(graph.ops))
        inputs = [values[i].name for i in graph.inputs if i not in sizes.const]
        outputs = [values[i].name for i in graph.outputs]
        used = {*inputs, *outputs, *(n for op in ops for n in (*op.inputs, *op.outputs))}
        held = {v.name: v for v in values if v.name in used}
        return Graph(graph.name or "main", "tflite", ops, held, tuple(inputs), tuple(outputs))

    def _value(self, graph: Subgraph, sizes: Sizes, index: int, name: str) -> Value:
        """A tensor; constants that are stored once are one value, whatever they are called."""
        tensor = graph.tensors[index]
        stored = tensor.const and index in sizes.const
        if stored and tensor.storage in self._stored:
            return self._stored[tensor.storage]
        data: tuple[Scalar, ...] | None = tensor.data if stored else as_ints(sizes.contents.get(index))
        value = Value(name, tensor.dtype, sizes.shapes[index], index in sizes.const, data, tensor.quantization)
        if stored:
            self._stored[tensor.storage] = value
        return value

    def _op(self, graph: Subgraph, sizes: Sizes, number: int, op: Operator, values: list[Value]) -> Op:
        present = [slot for slot, i in enumerate(op.inputs) if i != ABSENT]
        ports = self._ports(op)
        outputs = tuple(values[i].name for i in op.outputs)
        bodies = []
        for name, index in op.bodies:
            self._bodies += 1
            inner = self._file.subgraph(index)
            prefix = f"{inner.name or f'subgraph{index}'}.{self._bodies}/"
            built = self.graph(inner, sizes.bodies[number, name], prefix)
            bodies.append(Body(name.removesuffix("_subgraph_index"), built, _trips(op)))
        late = dynamic(op, graph, sizes)
        return Op(
            self._name(op, outputs),
            op.type,
            tuple(values[op.inputs[slot]].name for slot in present),
            tuple(ports[slot] for slot in present),
            outputs,
            op.attrs if late is None else {**op.attrs, DYNAMIC: late},
            op.domain,
            op.version,
            tuple(bodies),
        )

    def _ports(self, op: Operator) -> Mapping[int, str]:
        known = None if op.domain else self._file.schema.ops[op.type]
        count = len(op.inputs)
        names = known.ports(count, op.attrs) if known else None
        if names is None and known is not None:
            names = known.ports(len(known.inputs), op.attrs) or ()
        return {i: names[i] if names is not None and i < len(names) else f"input{i}" for i in range(count)}

    def _name(self, op: Operator, outputs: tuple[str, ...]) -> str:
        """The first of the names a converter joined in the first output's, numbered when it was given before."""
        name = (outputs[0].partition(";")[0] if outputs else "") or op.type
        count = self._ops.get(name, 0)
        self._ops[name] = count + 1
        return name if count == 0 else f"{name}#{count + 1}"


def _trips(op: Operator) -> int | None:
    return None if "WHILE" in op.type else 1
