"""Core ML: edgeplan's rows against coremltools' registry of MIL ops, and against the Neural Engine guide's matrix."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.agreement.case import Case
from benchmarks.agreement.judge import unit_target
from edgeplan.capability.rows import load_backend
from edgeplan.graph import Attr, DType, Graph, Op, Value
from edgeplan.place.support import Judge, Support

__all__ = ["SETS"]

TYPES = {
    "fp16": DType.FLOAT16,
    "fp32": DType.FLOAT32,
    "int32": DType.INT32,
    "int16": DType.INT16,
    "int8": DType.INT8,
    "int4": DType.INT4,
    "uint32": DType.UINT32,
    "uint16": DType.UINT16,
    "uint8": DType.UINT8,
    "uint4": DType.UINT4,
    "uint2": DType.UINT2,
    "bool": DType.BOOL,
    "string": DType.STRING,
}
"""MIL's names of the types that edgeplan knows too."""

INTERNAL = ("_const_symbolic", "const")


def registry(data: Path) -> Iterator[Case]:
    """Every op, release, input and type, constant and not, and whether `InputSpec.validate_inputs` lets it pass."""
    table: Mapping[str, Any] = json.loads((data / "coreml" / "data" / "mil_ops.json").read_text("utf-8"))
    for release in load_backend("coreml").releases:
        judge = Judge(unit_target("coreml", "cpu", release))
        for op, versions in table.items():
            if op in INTERNAL:
                continue
            # Targets sort as their numbers do: all have two digits.
            now = [v for v in sorted(versions) if v <= release.replace(" ", "")]
            spec = versions[now[-1] if now else min(versions)]
            yield from _cases(op, release, spec, bool(now), judge)


def _cases(op: str, release: str, spec: Mapping[str, Any], exists: bool, judge: Judge) -> Iterator[Case]:
    for port, given in spec["inputs"].items():
        for label, dtype in TYPES.items():
            for const in (True, False):
                fits = label in _kinds(spec, given)
                values = {port: Value(port, dtype, (2, 4), const)} | _rest(spec, port, label if fits else "")
                right = exists and fits and (const or not given["const_required"])
                yield _case(f"{release} {op} {port} {label} {const=}", right, _said(judge, op, values, port))
        yield from _mixed(op, release, spec, port, exists, judge)


def _mixed(op: str, release: str, spec: Mapping[str, Any], port: str, exists: bool, judge: Judge) -> Iterator[Case]:
    """Two inputs of one type domain, of different types."""
    domain = spec["inputs"][port].get("type_domain_id")
    for other, given in spec["inputs"].items():
        if domain is None or given.get("type_domain_id") != domain or other <= port:
            continue
        one, two, *_ = (*_kinds(spec, given), "int32", "bool")
        values = {port: Value(port, TYPES[one], (2, 4), True), other: Value(other, TYPES[two], (2, 4), True)}
        yield _case(f"{release} {op} {port} {one} {other} {two}", False, _said(judge, op, values, port))


def _case(name: str, right: bool, said: tuple[str, str]) -> Case:
    """A case; left out where rows about the layers of iOS 13 say more, and where a type has no name here."""
    why = "no NeuralNetwork layer on iOS 13" if right and said[1].startswith("nn-") else ""
    why = "edgeplan has no type of one bit" if right and said[0] == "unknown" else why
    return Case(name, "runs" if right else "refuses", *said, why)


def _kinds(spec: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """The types of an input that edgeplan knows too: all where the registry looks at none."""
    kinds = given.get("types") or spec["type_domains"].get(given.get("type_domain_id"))
    return list(TYPES) if kinds is None else [k for k in kinds if k in TYPES]


def _rest(spec: Mapping[str, Any], port: str, label: str) -> dict[str, Value]:
    """The other required inputs, as they should be: constant, and of the type in question where a domain is shared."""
    domain = spec["inputs"][port].get("type_domain_id")
    found = {}
    for name, given in spec["inputs"].items():
        if name == port or given["optional"]:
            continue
        kinds = _kinds(spec, given)
        shared = bool(label) and domain is not None and given.get("type_domain_id") == domain
        kind = label if shared else next(iter(kinds), "")
        found[name] = Value(name, TYPES.get(kind), (2, 4), True)
    return found


def _said(judge: Judge, op: str, values: Mapping[str, Value], port: str) -> tuple[str, str]:
    ports = tuple(values)
    made = Value("made", values[port].dtype, (2, 4))
    node = Op(op, op, ports, ports, ("made",))
    support = judge.support(Graph(op, "mil", (node,), {**values, "made": made}, (), ()), node)[0]
    word = "runs" if support.verdict.usable else support.verdict.value
    return word, ", ".join(row.id for row in support.rows or support.open)


FAMILIES = {"M1 (A13)": "H13", "M2 (A14)": "H14", "M3 (A15)": "H15", "M4, M5 (A16, A17)": "H16"}
"""The matrix's columns as Neural Engine generations; its names of phone chips are those of compiler families."""

WORDS = {"Native": "runs", "No path": "refuses", "Family-gated": "refuses"}

SETTINGS: Mapping[str, Mapping[str, Attr]] = {
    "cast": {"dtype": "fp16"},
    "depth_to_space": {"block_size": 2},
    "pad": {"mode": "constant", "pad": (0, 0, 0, 0, 1, 1, 1, 1)},
    "pixel_shuffle": {"upscale_factor": 2},
    "reduce_argmax": {"axis": 1},
    "reduce_argmin": {"axis": 1},
    "space_to_depth": {"block_size": 2},
    "tile": {"reps": (1, 1, 2, 2)},
}
"""An ordinary setting of an op, where its verdict hangs on one."""


def matrix(data: Path) -> Iterator[Case]:
    """Every op of the Neural Engine guide's matrix on the four chips, in an ordinary setting."""
    text = (data / "coreml" / "measured" / "aneguide_op_device_matrix.csv").read_text("utf-8")
    registry: Mapping[str, Any] = json.loads((data / "coreml" / "data" / "mil_ops.json").read_text("utf-8"))
    judges = {g: Judge(unit_target("coreml", "ane", generation=g)) for g in FAMILIES.values()}
    columns: list[str] = []
    for row in csv.reader(text.splitlines()):
        if row[:1] == ["Operation"]:
            columns = row
        elif row and row[0] in registry and row[0] not in INTERNAL and len(row) == len(columns):
            for chip, generation in FAMILIES.items():
                cell = row[columns.index(chip)]
                support = _ordinary(judges[generation], row[0], registry[row[0]])
                word = "runs" if support.verdict.usable else support.verdict.value
                why = ", ".join(r.id for r in support.rows or support.open)
                private = "reached by a private route, not from a program" if cell not in WORDS else ""
                disputed = "rows name sources that say otherwise" if any(r.against for r in support.rows) else ""
                truth = WORDS.get(cell, "unknown")
                yield Case(f"{row[0]} {generation}", truth, word, why, private or (disputed if truth != word else ""))


def _ordinary(judge: Judge, op: str, versions: Mapping[str, Any]) -> Support:
    spec = versions[max(versions)]
    values: dict[str, Value] = {}
    for port, given in spec["inputs"].items():
        kinds = _kinds(spec, given)
        if given["optional"] or port in SETTINGS.get(op, {}) or not kinds:
            continue
        shape = (8, 8, 3, 3) if port == "weight" else (1, 8, 16, 16)
        values[port] = Value(port, TYPES["fp16" if "fp16" in kinds else kinds[0]], shape, given["const_required"])
    made = Value("made", DType.FLOAT16, (1, 8, 16, 16))
    node = Op(op, op, tuple(values), tuple(values), ("made",), SETTINGS.get(op, {}))
    return judge.support(Graph(op, "mil", (node,), {**values, "made": made}, (), ()), node)[0]


SETS: Mapping[str, Callable[[Path], Iterator[Case]]] = {"mil-registry": registry, "ane-matrix": matrix}
