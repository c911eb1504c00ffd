"""Writes a graph of TFLite ops as a .tflite file: what LiteRT is asked about edgeplan's own lowering."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from edgeplan.graph import Body, DType, Graph, Op, Value
from edgeplan.tflite_ops import Schema, tflite_schema
from edgeplan.verify.answer import Answer
from edgeplan.verify.process import Limits, Question, ask
from edgeplan.verify.tflite.fields import NotWritableError, option_table, options_of, signature, slots, type_number
from edgeplan.verify.tflite.scales import scales_of

__all__ = ["described", "write_tflite"]


ABSENT = -1
"""The index of an optional input that is left out."""

_CUSTOM = 32

_LEAST_VERSION = {"BROADCAST_TO": 2}
"""Ops that the runtime does not register at version 1; source: LiteRT `tflite/core/kernels/register.cc`."""

_SUBGRAPHS = {
    "IF": ("then_subgraph_index", "else_subgraph_index"),
    "WHILE": ("cond_subgraph_index", "body_subgraph_index"),
}


def write_tflite(
    graph: Graph, path: Path, python: Path | None = None, limits: Limits | None = None, *, scaled: bool = True
) -> Answer:
    """Write a graph of the dialect `tflite`; `python` is one that has ai-edge-litert, this one by default.

    Contents that were not read are made up: small reals, and zeros for integers. Scales are made up as well, unless
    not `scaled`. The answer is `compiled` when the file stands. Raises `NotWritableError` before anything is started.
    """
    description = described(graph, scaled=scaled)
    with tempfile.TemporaryDirectory(prefix="edgeplan-") as folder:
        request = Path(folder) / "graph.json"
        request.write_text(json.dumps(description), "utf-8")
        return ask(
            Question("write", "write_tflite", request, "", {"to": str(path.resolve())}, python), limits or Limits()
        )


def described(graph: Graph, *, scaled: bool = True) -> dict[str, Any]:
    """The file as plain data: op codes, and subgraphs of tensors and ops that name each other by index.

    The ops of the main subgraph are those of the graph, in order. Raises `NotWritableError`.
    """
    if graph.dialect != "tflite":
        raise NotWritableError(f"its ops are of the dialect {graph.dialect}, not tflite")
    file = _File(tflite_schema(), scaled)
    file.add(graph, graph.inputs, graph.outputs, frozenset())
    return {"codes": file.codes, "subgraphs": file.subgraphs}


class _File:
    def __init__(self, schema: Schema, scaled: bool) -> None:
        self.schema = schema
        self.scaled = scaled
        self.codes: list[dict[str, Any]] = []
        self.subgraphs: list[dict[str, Any]] = []
        self._known: dict[tuple[int, str, int], int] = {}

    def code(self, op: Op) -> int:
        """The index of an op's code."""
        builtin = self.schema.ops[op.type].code if not op.domain and op.type in self.schema.ops else _CUSTOM
        if builtin == _CUSTOM and op.domain != "custom":
            raise NotWritableError(f"{op.label} is no TFLite op")
        key = builtin, op.type if builtin == _CUSTOM else "", op.version or _LEAST_VERSION.get(op.type, 1)
        if key not in self._known:
            self._known[key] = len(self.codes)
            self.codes.append(dict(zip(("builtin", "custom", "version"), key, strict=True)))
        return self._known[key]

    def add(self, graph: Graph, inputs: Sequence[str], outputs: Sequence[str], around: frozenset[str]) -> int:
        """One subgraph, and those of its bodies behind it; `around` are the values that outer graphs make."""
        index = len(self.subgraphs)
        self.subgraphs.append({})
        self.subgraphs[index] = _Subgraph(self, graph, inputs, outputs, around).build()
        return index


class _Subgraph:
    def __init__(
        self, file: _File, graph: Graph, inputs: Sequence[str], outputs: Sequence[str], around: frozenset[str]
    ) -> None:
        self._file = file
        self._graph = graph
        self._outputs = outputs
        self._made = frozenset((*graph.producer, *inputs, *around))
        self._scales = scales_of(graph) if file.scaled else {}
        self._variables = frozenset(_states(graph))
        self._inputs = [n for n in inputs if n not in self._variables]
        self._tensors: list[dict[str, Any]] = []
        self._at: dict[str, int] = {}

    def build(self) -> dict[str, Any]:
        inputs = [self._tensor(n) for n in self._inputs]
        ops = [self._op(op) for op in self._graph.ops]
        outputs = [self._tensor(n) for n in self._outputs]
        return {
            "name": self._graph.name, "tensors": self._tensors, "inputs": inputs, "outputs": outputs, "ops": ops,
        }  # fmt: skip

    def _tensor(self, name: str) -> int:
        if name not in self._at:
            self._at[name] = self._append(self._graph.values[name])
        return self._at[name]

    def _append(self, value: Value) -> int:
        type_ = type_number(self._file.schema, value)
        variable = value.name in self._variables
        scales = self._scales.get(value.name)
        const = value.const and value.name not in self._made and not variable
        if const and (value.elements is None or value.dtype is DType.STRING):
            raise NotWritableError(f"the constant {value.name!r} has no size, or holds text")
        self._tensors.append(
            {
                "name": value.name,
                "type": type_,
                "dtype": value.dtype.label if value.dtype else "",
                "shape": None if value.shape is None else [d if isinstance(d, int) else 1 for d in value.shape],
                "signature": signature(value.shape),
                "variable": variable,
                "const": const,
                "data": list(value.data) if const and value.data is not None else None,
                "quantization": None
                if scales is None
                else {"scale": scales.scale, "zero_point": scales.zero_point, "dimension": scales.dimension},
            }
        )
        return len(self._tensors) - 1

    def _op(self, op: Op) -> dict[str, Any]:
        code = self._file.code(op)
        known = None if op.domain else self._file.schema.ops[op.type]
        inputs = [ABSENT if n is None else self._tensor(n) for n in slots(op, known)]
        outputs = [self._tensor(n) for n in op.outputs]
        options = dict(op.attrs) if known is None else options_of(op, self._file.schema)
        if op.type in _SUBGRAPHS and not op.domain:
            more, made, indices = self._bodies(op)
            inputs += more
            outputs += made
            options |= indices
        elif op.type == "STABLEHLO_COMPOSITE" and not op.bodies:
            options["decomposition_subgraph_index"] = self._decomposition(op)
        elif op.bodies or (known is not None and "subgraph" in " ".join(options)):
            raise NotWritableError(f"{op.type} runs a subgraph that is not here")
        return {
            "code": code,
            "custom": known is None,
            "inputs": inputs,
            "outputs": outputs,
            **option_table(known, self._file.schema),
            "options": options,
        }

    def _bodies(self, op: Op) -> tuple[list[int], list[int], dict[str, int]]:
        """The subgraphs of a branch or loop: what they capture is handed in, for a subgraph sees nothing else."""
        if len(op.bodies) != 2:
            raise NotWritableError(f"{op.type} runs a subgraph that is not here")
        names = (n for body in op.bodies for n in body.graph.captured)
        captured = [n for n in dict.fromkeys(names) if n in self._made]
        loop = op.type == "WHILE"
        indices = {}
        for option, body in zip(_SUBGRAPHS[op.type], op.bodies, strict=True):
            results = [*body.graph.outputs, *(captured if loop and body is op.bodies[1] else ())]
            wanted = len(op.inputs) if loop else 0
            if len(body.graph.inputs) > wanted:
                raise NotWritableError(
                    f"{op.type} hands {wanted} values to a subgraph that takes {len(body.graph.inputs)}"
                )
            states = [self._graph.values[n] for n in op.inputs[len(body.graph.inputs) : wanted]]
            inner, spare = _widened(body, states, [self._graph.values[n] for n in captured])
            indices[option] = self._file.add(inner, [*body.graph.inputs, *spare, *captured], results, self._made)
            if loop and option == "body_subgraph_index" and len(results) != len(op.inputs) + len(captured):
                raise NotWritableError(f"WHILE has {len(op.inputs)} states, its body returns {len(body.graph.outputs)}")
        handed = [self._tensor(n) for n in captured]
        made = [self._append(_fresh(self._graph.values[n])) for n in captured] if loop else []
        return handed, made, indices

    def _decomposition(self, op: Op) -> int:
        """A subgraph for a composite that came without one: it hands on inputs of the outputs' own kind."""
        kinds = {(v.dtype, v.shape): v.name for v in (self._graph.values[n] for n in op.inputs)}
        results = [kinds.get((v.dtype, v.shape)) for v in (self._graph.values[n] for n in op.outputs)]
        kept = [n for n in results if n is not None]
        if len(kept) < len(results):
            raise NotWritableError(f"{op.type} runs a subgraph that is not here")
        inputs = tuple(dict.fromkeys(op.inputs))
        values = {n: self._graph.values[n] for n in inputs}
        return self._file.add(
            Graph("composite", "tflite", (), values, inputs, tuple(kept)), op.inputs, kept, frozenset()
        )


def _widened(body: Body, states: Sequence[Value], captured: Sequence[Value]) -> tuple[Graph, list[str]]:
    """A body that knows all that is handed to it, and new names for the states that it does not take itself."""
    graph = body.graph
    spare = [replace(value, name=f"{body.name}/state{i}", const=False) for i, value in enumerate(states)]
    values = {v.name: v for v in (*captured, *spare)} | dict(graph.values)
    return replace(graph, values=values), [v.name for v in spare]


_numbers = count()


def _fresh(value: Value) -> Value:
    return Value(f"{value.name}/kept{next(_numbers)}", value.dtype, value.shape)


def _states(graph: Graph) -> Iterable[str]:
    """What recurrent ops keep from one run to the next: variable tensors, which no op makes."""
    for op in graph.ops:
        if op.domain or not op.type.endswith(("LSTM", "RNN", "SVDF")) or op.attrs.get("kernel_type") == "BASIC":
            continue
        for port, name in zip(op.ports, op.inputs, strict=True):
            if "state" in port and name not in graph.producer:
                yield name
