"""From a file to its subgraphs, every index checked, weights unread."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.mapped import mapped
from edgeplan.frontends.tflite.flatbuffer import FlatBuffer, Table
from edgeplan.frontends.tflite.tensors import Buffers, Tensor, read_tensors
from edgeplan.graph import Attr
from edgeplan.tflite_ops import BuiltinOp, Schema, tflite_schema

__all__ = ["IDENTIFIER", "Operator", "Subgraph", "TfliteFile"]

IDENTIFIER = b"TFL3"

ABSENT = -1
"""The index of an optional input that is left out."""

_CUSTOM = 32
"""The code of ops the schema does not know."""

_BODIES = {
    "CALL": ("subgraph",),
    "CALL_ONCE": ("init_subgraph_index",),
    "IF": ("then_subgraph_index", "else_subgraph_index"),
    "STABLEHLO_CASE": ("branch_subgraph_indices",),
    "STABLEHLO_COMPOSITE": ("decomposition_subgraph_index",),
    "STABLEHLO_WHILE": ("cond_subgraph_index", "body_subgraph_index"),
    "WHILE": ("cond_subgraph_index", "body_subgraph_index"),
}
"""Options that name the subgraphs an op runs. Others (of a reduction, a sort) only say how two elements are joined."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One op. Inputs and outputs are indices of tensors, `ABSENT` for an optional input that is left out."""

    type: str
    domain: str
    version: int
    attrs: dict[str, Attr]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    bodies: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Subgraph:
    """One subgraph: its tensors, and its ops in the order in which they run."""

    name: str
    tensors: tuple[Tensor, ...]
    ops: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Code:
    type: str
    domain: str
    version: int
    known: BuiltinOp | None


class TfliteFile:
    """An open file; subgraphs are read when they are asked for."""

    def __init__(self, data: memoryview) -> None:
        self.schema = tflite_schema()
        self._file = FlatBuffer(data, self.schema)
        self._model = self._file.root("Model", IDENTIFIER)
        if self._model.integer("version") != 3:
            raise ModelError(f"a TFLite model of version {self._model.integer('version')}: only version 3 is known")
        self._buffers = Buffers(self._file, self._model)
        self._codes = [_code(self.schema, c) for c in self._model.tables("operator_codes")]
        self._subgraphs = self._model.tables("subgraphs")
        if not self._subgraphs:
            raise ModelError("not a TFLite model: it has no graph")
        self.files = self._buffers.files
        self._read: dict[int, Subgraph] = {}

    @classmethod
    def open(cls, path: Path) -> TfliteFile:
        """Map a file into memory. Raises `ModelError` when that is not possible."""
        return cls(mapped(path))

    def input_names(self) -> dict[str, int]:
        """The names that signatures give to inputs of the main subgraph, with their tensors."""
        return {
            entry.text("name"): entry.integer("tensor_index")
            for signature in self._model.tables("signature_defs")
            if signature.integer("subgraph_index") == 0
            for entry in signature.tables("inputs")
        }

    def subgraph(self, index: int) -> Subgraph:
        """One subgraph. Raises `ModelError` when there is none of that index or something in it does not fit."""
        if index not in self._read:
            if not 0 <= index < len(self._subgraphs):
                raise ModelError(f"an op refers to subgraph {index}, which the model does not have")
            table = self._subgraphs[index]
            tensors = tuple(read_tensors(self._file, table, self._buffers))
            ops = tuple(self._operator(o, len(tensors)) for o in table.tables("operators"))
            inputs, outputs = (_indices(table, field, len(tensors)) for field in ("inputs", "outputs"))
            self._read[index] = _kept_apart(Subgraph(table.text("name"), tensors, ops, inputs, outputs))
        return self._read[index]

    def _operator(self, table: Table, tensors: int) -> Operator:
        index = table.integer("opcode_index")
        if index >= len(self._codes):
            raise ModelError("an op refers to an operator code that the model does not list")
        code = self._codes[index]
        inputs = _indices(table, "inputs", tensors, least=ABSENT)
        outputs = _indices(table, "outputs", tensors)
        attrs = {} if code.known is None else self._options(code.type, code.known, table)
        bodies = tuple(_bodies(code.type, attrs)) if code.known else ()
        if code.known is not None:
            _check(code, attrs, inputs, outputs)
        return Operator(code.type, code.domain, code.version, attrs, inputs, outputs, bodies)

    def _options(self, op: str, known: BuiltinOp, table: Table) -> dict[str, Attr]:
        """All options; the runtime passes over a table that belongs to another op, and so do we."""
        found: dict[str, Attr] = {}
        for field, union in (("builtin_options", "BuiltinOptions"), ("builtin_options_2", "BuiltinOptions2")):
            number, kinds = table.integer(f"{field}_type"), self.schema.unions[union]
            if known.table and 0 < number <= len(kinds) and kinds[number - 1] == known.table:
                options = table.table(field, known.table)
                if options is not None:
                    fields = self.schema.options(op).items()
                    found = {name: self._option(options, name, o.type) for name, o in fields if options.has(name)}
        return self.schema.attributes(op, found)

    def _option(self, table: Table, name: str, kind: str) -> Attr:
        if kind == "string":
            return table.text(name)
        inner = kind.strip("[]")
        names = {number: label for label, number in self.schema.enums.get(inner, {}).items()}
        if kind != inner:
            return tuple(names.get(int(n), int(n)) if names else n for n in table.numbers(name))
        value = table.scalar(name)
        return names.get(int(value), int(value)) if names else value


def _code(schema: Schema, table: Table) -> _Code:
    """The op of a code: its own field since schema version 3a, before that a byte."""
    number = max(table.integer("builtin_code"), table.integer("deprecated_builtin_code"))
    version = table.integer("version")
    if number == _CUSTOM:
        name = re.sub(r"[^\w.-]", "_", table.text("custom_code"))[:64] or "unnamed"
        return _Code(name, "custom", version, None)
    op = schema.by_code.get(number)
    if op is None:
        return _Code(f"BUILTIN_{number}", "tflite", version, None)
    return _Code(op, "", version, schema.ops[op])


def _indices(table: Table, field: str, tensors: int, least: int = 0) -> tuple[int, ...]:
    found = table.integers(field)
    if any(not least <= i < tensors for i in found):
        raise ModelError("an op or a graph refers to a tensor that the model does not have")
    return found


def _bodies(op: str, attrs: dict[str, Attr]) -> Iterator[tuple[str, int]]:
    for name in _BODIES.get(op, ()):
        value = attrs[name]
        for number, index in enumerate(value if isinstance(value, tuple) else (value,)):
            assert isinstance(index, int)
            yield (f"{name}[{number}]" if isinstance(value, tuple) else name), index


def _check(code: _Code, attrs: dict[str, Attr], inputs: tuple[int, ...], outputs: tuple[int, ...]) -> None:
    """Refuse an op without the inputs and outputs its kernel needs, so that every later stage may count on them."""
    known = code.known
    assert known is not None
    if any(i >= len(inputs) or inputs[i] == ABSENT for i in known.required(attrs)):
        raise ModelError(f"an op {code.type} lacks an input that it needs")
    if len(outputs) < known.least:
        raise ModelError(f"an op {code.type} has no output")


def _kept_apart(graph: Subgraph) -> Subgraph:
    """The subgraph with a tensor of its own for every op's result that the file gives contents as well,
    as onnx2tf's shape arithmetic does.

    Readers keep the contents of the file: the runtime treats a tensor with a buffer as a constant when it prepares
    the ops, and so sizes what they shape (LiteRT `core/interpreter_builder.cc`, kTfLiteMmapRo).

    Before: `shape = <1, 4, 1>; shape = GATHER(...); y = RESHAPE(x, shape)`
    After:  `shape = <1, 4, 1>; shape/computed = GATHER(...); y = RESHAPE(x, shape)`
    """
    inputs = set(graph.inputs)
    tensors, ops = list(graph.tensors), []
    for op in graph.ops:
        outputs = list(op.outputs)
        for slot, index in enumerate(outputs):
            found = graph.tensors[index]
            if found.const and not found.variable and index not in inputs:
                outputs[slot] = len(tensors)
                tensors.append(replace(found, name=f"{found.name}/computed", const=False, data=None, storage=()))
        ops.append(op if tuple(outputs) == op.outputs else replace(op, outputs=tuple(outputs)))
    return graph if len(tensors) == len(graph.tensors) else replace(graph, tensors=tuple(tensors), ops=tuple(ops))
