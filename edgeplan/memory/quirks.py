"""Ops that are reported to take more memory than a plan counts: rows with evidence, as ranges from zero.

A row of `rules/<backend>/quirks.toml` names one of the formulas here, which says how much it would be if the report
holds for the op. What is known for sure is no quirk: it stands in the runtime's profile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod

from edgeplan.capability.match import compile_row
from edgeplan.capability.rows import Backend, Growth, Row
from edgeplan.graph import Graph, Op, Value
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.range import Range
from edgeplan.memory.term import Phase, Term
from edgeplan.place.support import facts_of, in_force

__all__ = ["GROWTHS", "Formula", "Quirk", "grown", "quirks", "term_of"]

_THREADS = 6
"""Cores of a phone: what a runtime that is not told otherwise starts."""
_TILE, _WINDOW = 4, 36


@dataclass(frozen=True, slots=True)
class Formula:
    """Bytes an op may take beside what is planned, None while its sizes are open.

    `phase` says when; all ops take theirs together where they hold it `always`, else one after the other.
    """

    size: Callable[[Graph, Op], int | None]
    phase: Phase


@dataclass(frozen=True, slots=True)
class Quirk:
    """A row that holds for some ops of the graph, by index, and what they may take together."""

    row: Row
    ops: tuple[int, ...]
    size: Range
    phase: Phase


def quirks(given: Deployment) -> Iterator[Quirk]:
    """The rows about memory that hold for ops of a deployment on the units they run on, in the rules' order."""
    backend, graph = given.target.backend, given.graph
    units = {unit.name: unit for unit in given.target.units}
    for row in backend.quirks:
        wanted = {
            name
            for name in row.unit
            if name in units and in_force(row, backend, units[name], given.target.release, given.target.precision)
        }
        if not wanted:
            continue
        holds = compile_row(row)
        labels = tuple(graph.by_label) if "*" in row.ops else row.ops
        ops = tuple(
            i
            for i in sorted(i for label in labels for i in graph.by_label.get(label, ()))
            if given.units[i] in wanted and holds(facts_of(graph, graph.ops[i]))
        )
        sizes = [grown(row, graph, graph.ops[i]) for i in ops]
        phase = GROWTHS[row.memory].phase if row.memory else "run"
        whole = sum(sizes, start=Range()) if phase == "always" else _largest(sizes)
        if whole.high:
            yield Quirk(row, ops, whole, phase)


def grown(row: Row, graph: Graph, op: Op) -> Range:
    """What one op may take beside the plan, if the row holds for it: likely nothing, at most what its formula gives."""
    size = GROWTHS[row.memory].size(graph, op) if row.memory else None
    return Range(0, 0, size or 0)


def term_of(quirk: Quirk, backend: Backend) -> Term:
    """A quirk as a term of the plan."""
    name = quirk.row.id.replace("-", " ")
    return Term(name, quirk.size, "estimated", quirk.phase, quirk.row.why, backend.evidence(quirk.row.source))


def _largest(sizes: list[Range]) -> Range:
    found = Range()
    for size in sizes:
        found |= size
    return found


def _zero_filled_kernel(graph: Graph, op: Op) -> int | None:
    """The kernel is held with zeros between its elements: its dilated extent, less what it takes as it is."""
    weight = _at(graph, op, "weight", "W", "filter")
    shape = _sizes(weight)
    if weight is None or shape is None or not weight.bytes:
        return None
    given, kernel = op.attrs.get("dilations"), shape[2:]
    rates = [rate for rate in given if isinstance(rate, int)] if isinstance(given, tuple) else []
    if len(rates) != len(kernel):
        return None
    extent: int = prod((k - 1) * rate + 1 for k, rate in zip(kernel, rates, strict=True))
    return weight.bytes // max(prod(kernel), 1) * extent - weight.bytes


def _gathered_input(graph: Graph, op: Op) -> int | None:
    """The input is rearranged into blocks and the result back: both once more."""
    source, result = graph.values[op.inputs[0]].bytes, graph.values[op.outputs[0]].bytes
    return None if source is None or result is None else source + result


def _columns_by_thread(graph: Graph, op: Op) -> int | None:
    """Each of six threads lays out the input of one convolution as a matrix, of which a plan counts one thread's."""
    from edgeplan.memory.runtimes.onnxruntime import working_buffer

    return working_buffer(graph, op, _THREADS) - working_buffer(graph, op, 1)


def _columns_of_the_kernel(graph: Graph, op: Op) -> int | None:
    """Every element of the input times the kernel, before the sum: a matrix of one image and one group, in float32."""
    weight, source = (_sizes(_at(graph, op, port)) for port in ("W", "X"))
    return None if weight is None or source is None else prod(weight[1:]) * prod(source[2:]) * 4


def _winograd_kernel(graph: Graph, op: Op) -> int | None:
    """A kernel of 3 x 3 is held as one of 6 x 6: three times its bytes more."""
    weight = _at(graph, op, "filter")
    return None if weight is None or weight.bytes is None else 3 * weight.bytes


def _winograd_tiles(graph: Graph, op: Op) -> int | None:
    """Input and output are held as 36 values for each tile of 4 x 4 of the output."""
    source, result = _sizes(_at(graph, op, "input")), _sizes(graph.values[op.outputs[0]])
    dtype = graph.values[op.outputs[0]].dtype
    if source is None or result is None or dtype is None:
        return None
    tiles = -(-result[1] // _TILE) * -(-result[2] // _TILE)
    return _WINDOW * tiles * (source[-1] + result[-1]) * result[0] * dtype.bits // 8


def _at(graph: Graph, op: Op, *ports: str) -> Value | None:
    name = next((found for port in ports if (found := op.input(port)) is not None), None)
    return None if name is None else graph.values[name]


def _sizes(value: Value | None) -> tuple[int, ...] | None:
    """Of a tensor with axes, all of known size."""
    return (value.sizes or None) if value is not None else None


GROWTHS: Mapping[Growth, Formula] = {
    "columns-by-thread": Formula(_columns_by_thread, "run"),
    "columns-of-the-kernel": Formula(_columns_of_the_kernel, "run"),
    "gathered-input": Formula(_gathered_input, "run"),
    "winograd-kernel": Formula(_winograd_kernel, "always"),
    "winograd-tiles": Formula(_winograd_tiles, "run"),
    "zero-filled-kernel": Formula(_zero_filled_kernel, "always"),
}
"""What a row's `memory` may name; the docstrings are the sentences."""
