"""The ONNX operators beside the accelerators of every backend: what the rows say, without a model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from edgeplan.capability.rows import Backend, backend_names, load_backend, rules_dir
from edgeplan.capability.table import Cell, Mark, UnitTable, worst
from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.lower import lower_to

__all__ = ["Column", "Matrix", "op_matrix"]


@dataclass(frozen=True, slots=True)
class Column:
    """One unit of one backend at its newest release."""

    backend: Backend
    unit: str

    @property
    def title(self) -> str:
        """`Core ML, Neural Engine`."""
        return f"{self.backend.title}, {self.backend.units[self.unit].title}"


@dataclass(frozen=True, slots=True)
class Matrix:
    """A cell for every operator and column."""

    columns: tuple[Column, ...]
    rows: Mapping[str, tuple[Cell, ...]]


def op_matrix() -> Matrix:
    """Every ONNX operator that some backend's rows or examples name, on every unit that is used unasked.

    An operator is judged by what its example in `rules/examples.json`, or the examples of the rows, become in the
    backend's dialect: by the worst of the ops of one example, and where examples differ, with conditions.
    """
    tables = [load_backend(name) for name in backend_names()]
    columns = tuple(Column(b, name) for b in tables for name, unit in b.units.items() if not unit.optional)
    columns = tuple(c for c in columns if c.unit != "cpu" or c.backend.dialect == "tflite")
    texts = tuple(dict.fromkeys(_examples(tables)))
    forms = {c.backend.name: _forms(c.backend, texts) for c in columns}
    ops = sorted({op for found in forms.values() for op in found}, key=lambda op: ("." in op, op.lower()))
    units = [UnitTable(c.backend, c.unit) for c in columns]
    return Matrix(columns, {op: tuple(_cell(t, forms[t.backend.name].get(op, ())) for t in units) for op in ops})


def _examples(tables: Sequence[Backend]) -> Iterator[str]:
    yield from json.loads((rules_dir() / "examples.json").read_text("utf-8"))["examples"].values()
    for table in tables:
        for row in table.rows:
            yield from row.hits if table.dialect == "onnx" else ()
            yield from row.misses if table.dialect != "onnx" else ()


def _forms(backend: Backend, texts: Iterable[str]) -> Mapping[str, set[frozenset[str]]]:
    """ONNX operators to what they become in the examples: the set of op types, empty where the op is folded away."""
    found: dict[str, set[frozenset[str]]] = {}
    for text in texts:
        source = _parsed(text)
        if source is None:
            continue
        lowered = lower_to(
            source, backend.dialect, backend.precision, backend.fusions(backend.newest), backend.lowering.keep
        )
        made: dict[str, set[str]] = {op.name: set() for op in source.ops}
        fused = {name for op in lowered.ops if len(op.sources) > 1 for name in op.sources}
        for op in lowered.ops:
            for name in op.sources:
                made[name].add(op.label)
        for op in source.ops:
            if op.name not in fused and op.domain not in ("mil", "onnx", "tflite"):
                found.setdefault(op.label, set()).add(frozenset(made[op.name]))
    return found


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Graph | None:
    try:
        return parse_text(text)
    except ModelError:
        return None


def _cell(table: UnitTable, forms: Iterable[frozenset[str]]) -> Cell:
    """The cells of an operator's forms as one: where they differ, a yes has conditions, and a no outweighs a doubt."""
    cells = [worst(map(table.cell, form)) for form in forms]
    marks = {cell.mark for cell in cells}
    rows = worst(cells).rows
    if len(marks) == 1:
        return Cell(marks.pop(), rows)
    if marks & {Mark.RUNS, Mark.CONDITIONS}:
        return Cell(Mark.CONDITIONS, rows)
    return Cell(Mark.REFUSES if marks else Mark.UNKNOWN, rows)
