"""What is wrong with a backend's rows: names, spans, sources, examples and contradictions, each complaint a value."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from edgeplan.capability.match import parse_path
from edgeplan.capability.predicates import PREDICATES
from edgeplan.capability.rows import Backend, Row, rules_dir
from edgeplan.finding import CODES
from edgeplan.graph import DType
from edgeplan.tflite_ops import tflite_schema

__all__ = ["Complaint", "OpNames", "SchemaOf", "lint", "mil_schema", "tflite_names"]


@dataclass(frozen=True, slots=True)
class Complaint:
    """One trouble with a row, or with the backend's head where `row` is empty."""

    row: str
    message: str

    def __str__(self) -> str:
        return f"{self.row or 'backend.toml'}: {self.message}"


@dataclass(frozen=True, slots=True)
class OpNames:
    """The input ports and the attributes an op has in some release of its dialect."""

    ports: frozenset[str]
    attrs: frozenset[str]


SchemaOf = Callable[[str], OpNames | None]
"""An op's label (`Conv`, `com.microsoft.Gelu`) to its names, None when the dialect has no such op."""

_GROUPS = frozenset({"any", "in", "out"})
_DTYPES = frozenset(d.label for d in DType)
_PRECISIONS = frozenset({"model", "float16", "float32"})
_QUANTIZATIONS = frozenset({"", "per-tensor", "per-channel", "per-block"})
_FLAGS = frozenset({"const", "static", "present"})
_LISTS = frozenset({"shape", "value"})
_BOUNDS = frozenset({"min", "max", "multiple_of"})
_RETIRED = frozenset(
    {
        "ATen", "Affine", "Crop", "DynamicSlice", "GRUUnit", "GivenTensorFill", "ImageScaler", "ParametricSoftplus",
        "Scale", "ScaledTanh", "SimplifiedLayerNormalization", "SkipLayerNormalization",
        "SkipSimplifiedLayerNormalization",
    }
)  # fmt: skip
"""Ops of ONNX's domain that no schema lists and files still hold: experimental ones that ONNX 1.5 took back
(onnx `docs/Changelog.md`), and those that ONNX Runtime's fusions write without a domain."""


def lint(backend: Backend, schema_of: SchemaOf, cited: Collection[str] = ()) -> list[Complaint]:
    """Every complaint, the head's first, then row by row, then about rows that contradict each other.

    `cited` are sources that figures beside the rows rest on.
    """
    found = [Complaint("", message) for message in _head(backend, cited)]
    every = (*backend.rows, *backend.quirks)
    ids = Counter(row.id for row in every)
    for row in every:
        found += [Complaint(row.id, message) for message in _row(row, backend, schema_of)]
        if ids[row.id] > 1:
            found.append(Complaint(row.id, f"{ids[row.id]} rows have this id"))
    return [*found, *_contradictions(backend)]


def mil_schema() -> SchemaOf:
    """The schemas of coremltools' op registry. In MIL every parameter is an input: ports and attributes are one set."""
    registry = json.loads((rules_dir() / "coreml" / "mil.json").read_text("utf-8"))["ops"]
    names = {
        op: frozenset(p for spec in releases.values() for p in spec["inputs"]) for op, releases in registry.items()
    }
    return lambda op: OpNames(names[op], names[op]) if op in names else None


def tflite_names() -> SchemaOf:
    """The builtin ops of the TFLite schema; operands are ports, options attributes."""
    schema = tflite_schema()
    names = {
        op: OpNames(frozenset((*entry.inputs, *entry.basic)), frozenset(schema.options(op)))
        for op, entry in schema.ops.items()
    }
    return names.get


def _head(backend: Backend, also: Collection[str]) -> Iterator[str]:
    used = {*also, *(key for row in (*backend.rows, *backend.quirks) for key in (*row.source, *row.against))}
    cited = {f"unit {name}": unit.source for name, unit in backend.units.items()}
    cited |= {f"unit {name}.partitions": u.partitions.source for name, u in backend.units.items() if u.partitions}
    parted = {name: u.partitions.whole for name, u in backend.units.items() if u.partitions}
    cited |= {f"unit {name}.partitions.whole": whole.source for name, whole in parted.items() if whole}
    cited |= {f"unit {name}.again": a.source for name, u in backend.units.items() for a in u.again}
    cited |= {f"unit {name}.host": unit.host.source for name, unit in backend.units.items() if unit.host}
    cited["lower"] = backend.lowering.source
    for where, said in cited.items():
        used.update(said)
        yield from (f"{where} cites {key!r}, which is no source" for key in said if key not in backend.sources)
    for name, unit in backend.units.items():
        yield from (f"unit {name}: {message}" for message in _span(unit.since, unit.until, backend.releases, "release"))
        for again in unit.again:
            yield from (f"unit {name}.again: {m}" for m in _span(again.since, again.until, backend.releases, "release"))
        if unit.partitions and unit.partitions.since not in ("", *backend.releases):
            yield f"unit {name}.partitions begins with {unit.partitions.since!r}, which is no release"
        if unit.instead not in ("", *backend.units):
            yield f"unit {name} stands in for {unit.instead!r}, which is no unit"
    for fusion, release in backend.lowering.since.items():
        if release not in backend.releases:
            yield f"lower.since: {fusion!r} begins with {release!r}, which is no release"
    for alias, release in backend.alias.items():
        if release not in backend.releases:
            yield f"alias {alias!r} stands for {release!r}, which is no release"
    for key, source in backend.sources.items():
        if not source.url.startswith("https://"):
            yield f"source {key!r} has no https address"
        if source.seen is None:
            yield f"source {key!r} does not say when it was seen"
        if key not in used:
            yield f"source {key!r} is never cited"


def _row(row: Row, backend: Backend, schema_of: SchemaOf) -> Iterator[str]:
    yield from _words(row)
    yield from _names(row, schema_of)
    yield from _facts(row, schema_of)
    yield from _units(row, backend)
    yield from _span(row.since, row.until, backend.releases, "release")
    for key in (*row.source, *row.against):
        if key not in backend.sources:
            yield f"cites {key!r}, which is no source"
    if not row.source:
        yield "cites no source"
    if not row.hits:
        yield "has no hit"
    if _conditional(row) and not row.misses:
        yield "has conditions and no miss"


def _words(row: Row) -> Iterator[str]:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row.id):
        yield "the id is not in kebab-case"
    if row.why and (not row.why.endswith(".") or re.search(r"[.!?]\s+[A-Z]", row.why)):
        yield "why is not one sentence that ends in a full stop"
    if row.verdict != "runs" and not row.why:
        yield "does not say why"
    if row.code and row.code not in CODES:
        yield f"no finding has the code {row.code!r}"
    if row.check and row.check not in PREDICATES:
        yield f"no predicate is called {row.check!r}"
    elif row.check and not (PREDICATES[row.check].__doc__ or "").strip():
        yield f"the predicate {row.check!r} has no docstring"
    if row.memory and row.verdict != "degrades":
        yield "speaks of memory and does not degrade"
    if bool(row.memory) != (row.code == "EP205"):
        yield "speaks of memory without the code EP205, or the other way round"
    yield from (f"no precision is called {p!r}" for p in row.precision if p not in _PRECISIONS)


def _names(row: Row, schema_of: SchemaOf) -> Iterator[str]:
    """Ops of other domains than the dialect's own are taken as they come unless a schema knows them."""
    if not row.ops:
        yield "speaks of no op"
    for op, count in Counter(row.ops).items():
        if count > 1:
            yield f"names the op {op!r} twice"
        known = op == "*" or op.removeprefix("onnx.") in _RETIRED or ("." in op and not op.startswith("onnx."))
        if not known and schema_of(op) is None:
            yield f"the dialect has no op {op!r}"


def _units(row: Row, backend: Backend) -> Iterator[str]:
    if not row.unit:
        yield "speaks of no unit"
    for unit in row.unit:
        if unit not in backend.units:
            yield f"the backend has no unit {unit!r}"
            continue
        generation = row.generation
        known = backend.units[unit].generations
        yield from (f"unit {unit}: {m}" for m in _span(generation.min, generation.max, known, "generation"))


def _span(first: str, last: str, order: Sequence[str], what: str) -> Iterator[str]:
    unknown = [end for end in (first, last) if end and end not in order]
    yield from (f"there is no {what} {end!r}" for end in unknown)
    if first and last and not unknown and order.index(first) > order.index(last):
        yield f"the {what} {first!r} is later than {last!r}"


def _facts(row: Row, schema_of: SchemaOf) -> Iterator[str]:
    for address, spec in (*row.when.items(), *row.unless.items()):
        try:
            path = parse_path(address)
        except ValueError as e:
            yield str(e)
            continue
        schemas = {op: schema_of(op) for op in row.ops}
        if path.attr is not None:
            yield from (
                f"{op} has no attribute {path.attr!r}"
                for op, names in schemas.items()
                if names is not None and path.attr not in names.attrs
            )
        elif path.port is not None and path.port not in _GROUPS:
            yield from (
                f"{'not every op' if op == '*' else op} has {'a' if op == '*' else 'no'} port {path.port!r}"
                for op, names in schemas.items()
                if op == "*" or (names is not None and path.port not in names.ports)
            )
        kind = "list" if path.fact in _LISTS else "attr" if path.attr is not None else path.fact or "opset"
        if path.index is not None:
            if kind not in ("list", "attr"):
                yield f"{address}: only a shape, a value or an attribute has elements"
            kind = "element"
        yield from (f"{address}: {message}" for message in _matcher(spec, kind))


def _matcher(spec: Any, kind: str) -> Iterator[str]:
    """`kind` is what is matched: a fact's name, or `list`, `element` or `attr` where the fact may hold anything."""
    if isinstance(spec, Mapping):
        if not spec:
            yield "an empty matcher holds of everything"
        for key, want in spec.items():
            if key in ("every", "some"):
                if kind not in ("list", "attr"):
                    yield f"{key!r} needs a list"
                yield from _matcher(want, "element")
            elif key not in _BOUNDS:
                yield f"there is no matcher {key!r}"
            elif isinstance(want, bool) or not isinstance(want, int | float) or (key == "multiple_of" and want <= 0):
                yield f"{key!r} needs a{' positive' if key == 'multiple_of' else ''} number, not {want!r}"
            elif kind in ("dtype", "from", "list", "quantization") or kind in _FLAGS:
                yield f"{key!r} needs a number to hold against"
        return
    options = spec if isinstance(spec, list) else [spec]
    if not options and kind != "list":
        yield "an empty list matches nothing"
    for option in options:
        if kind == "dtype" and option not in _DTYPES:
            yield f"there is no dtype {option!r}"
        elif kind == "from" and not isinstance(option, str):
            yield f"{option!r} names nothing that makes a value"
        elif kind == "quantization" and option not in _QUANTIZATIONS:
            yield f"there is no quantization {option!r}"
        elif kind in _FLAGS and (not isinstance(option, bool) or isinstance(spec, list)):
            yield f"{option!r} is neither true nor false"
        elif kind in ("rank", "size", "bytes", "opset") and (isinstance(option, bool) or not isinstance(option, int)):
            yield f"{option!r} is no whole number"
    if kind == "list" and not isinstance(spec, list):
        yield f"a list never equals {spec!r}"


def _conditional(row: Row) -> bool:
    return bool(row.when or row.unless or row.check)


def _contradictions(backend: Backend) -> Iterator[Complaint]:
    """Pairs of rows that say `runs` and `refuses` of one op on one unit, both without conditions.

    A refusal that names generations, precisions or releases where the other row names none is its exception, no
    contradiction.
    """
    by: dict[tuple[str, str], list[Row]] = {}
    for row in backend.rows:
        if not _conditional(row):
            for op in row.ops:
                for unit in row.unit:
                    by.setdefault((op, unit), []).append(row)
    for (op, unit), rows in by.items():
        for runs, refuses in product(
            (r for r in rows if r.verdict == "runs"), (r for r in rows if r.verdict == "refuses")
        ):
            if not _excepts(refuses, runs) and _overlap(runs, refuses, unit, backend):
                yield Complaint(refuses.id, f"contradicts {runs.id} about {op} on {unit}")


def _excepts(refuses: Row, runs: Row) -> bool:
    return any(mine and not other for mine, other in zip(_limits(refuses), _limits(runs), strict=True))


def _limits(row: Row) -> tuple[str | tuple[str, ...], ...]:
    return row.generation.min or row.generation.max, row.since or row.until, row.precision, row.features or row.lacks


def _overlap(one: Row, other: Row, unit: str, backend: Backend) -> bool:
    if one.precision and other.precision and not set(one.precision) & set(other.precision):
        return False
    generations = backend.units[unit].generations if unit in backend.units else ()
    return _meet((one.since, one.until), (other.since, other.until), backend.releases) and _meet(
        (one.generation.min, one.generation.max), (other.generation.min, other.generation.max), generations
    )


def _meet(one: tuple[str, str], other: tuple[str, str], order: Sequence[str]) -> bool:
    """Whether two inclusive spans share a member; an end that is not in the order counts as open."""
    starts = [order.index(first) for first, _ in (one, other) if first in order]
    ends = [order.index(last) for _, last in (one, other) if last in order]
    return max(starts, default=0) <= min(ends, default=len(order))
