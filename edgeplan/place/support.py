"""Per op and unit: does it run there, does it degrade, is it refused, or does nobody know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from edgeplan.capability.match import Facts, Truth, compile_row
from edgeplan.capability.rows import Backend, Row
from edgeplan.graph import Graph, Op, Value
from edgeplan.target import Target, Unit

__all__ = ["Judge", "Support", "Verdict", "facts_of", "in_force"]


class Verdict(Enum):
    """What the rows say of one op on one unit."""

    RUNS = "runs"
    DEGRADES = "degrades"
    UNKNOWN = "unknown"
    REFUSES = "refuses"

    @property
    def usable(self) -> bool:
        """True when a runtime would put the op there."""
        return self in (Verdict.RUNS, Verdict.DEGRADES)


@dataclass(frozen=True, slots=True)
class Support:
    """A verdict and the rows that decided it; `open` are rows that would decide if a dimension were known.

    `inside` names the op of a body that decided, empty when it was the op itself.
    """

    verdict: Verdict
    rows: tuple[Row, ...] = ()
    open: tuple[Row, ...] = ()
    inside: str = ""

    @property
    def fatal(self) -> bool:
        """True when the refusal leaves nothing that could run the model."""
        return self.verdict is Verdict.REFUSES and any(row.scope == "model" for row in self.rows)


class Judge:
    """Holds the ops of a lowered graph against the rows of a target's units; equal ops are judged once."""

    def __init__(self, target: Target) -> None:
        self._units = target.units
        self._tables = [_Table(target.backend, unit, target.release, target.precision) for unit in target.units]
        self._known: dict[object, tuple[Support, ...]] = {}

    def support(self, graph: Graph, op: Op) -> tuple[Support, ...]:
        """One verdict for each unit of the target, in its order; an op with bodies gets that of its worst op."""
        facts = facts_of(graph, op)
        if op.bodies:
            own = tuple(table.judge(facts) for table in self._tables)
            return tuple(self._with_bodies(op, at, support) for at, support in enumerate(own))
        key = _signature(facts)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = tuple(table.judge(facts) for table in self._tables)
        return found

    def _with_bodies(self, op: Op, at: int, own: Support) -> Support:
        if not own.verdict.usable:
            return own
        worst = own
        for body in op.bodies:
            for inner in body.graph.ops:
                support = self.support(body.graph, inner)[at]
                if _BADNESS[support.verdict] > _BADNESS[worst.verdict]:
                    worst = Support(support.verdict, support.rows, support.open, support.inside or inner.name)
        return worst


_BADNESS = {Verdict.RUNS: 0, Verdict.DEGRADES: 1, Verdict.UNKNOWN: 2, Verdict.REFUSES: 3}


def facts_of(graph: Graph, op: Op) -> Facts:
    """What rows may ask about an op of a graph."""
    values, producer, ops = graph.values, graph.producer, graph.ops
    inputs = [values[n] for n in op.inputs]  # lists: this runs for every op, and generators take twice as long
    makers = [ops[producer[v.name]].label if v.name in producer else "weight" if v.const else "input" for v in inputs]
    return Facts(op, tuple(inputs), tuple([values[n] for n in op.outputs]), tuple(makers))


def _signature(facts: Facts) -> object:
    """All that a row can see of an op: two ops of equal signature get equal verdicts."""
    op = facts.op
    return (
        op.domain,
        op.type,
        op.version,
        op.ports,
        tuple(op.attrs.items()),
        facts.makers,
        tuple(map(_seen, facts.inputs)),
        tuple(map(_seen, facts.outputs)),
    )


def _seen(value: Value) -> object:
    return value.dtype, value.shape, value.const, value.data, value.quantization


class _Table:
    """The rows that speak of one unit at one release and generation, compiled, by op."""

    def __init__(self, backend: Backend, unit: Unit, release: str, precision: str) -> None:
        self._by_op: dict[str, list[tuple[Row, Callable[[Facts], Truth]]]] = {}
        self._rows = [
            row for row in backend.rows if unit.name in row.unit and in_force(row, backend, unit, release, precision)
        ]
        self._index: dict[str, list[Row]] = {}
        for row in self._rows:
            for op in row.ops:
                self._index.setdefault(op, []).append(row)

    def _compiled(self, label: str) -> Sequence[tuple[Row, Callable[[Facts], Truth]]]:
        found = self._by_op.get(label)
        if found is None:
            rows = [*self._index.get(label, ()), *self._index.get("*", ())]
            found = self._by_op[label] = [(row, compile_row(row)) for row in rows]
        return found

    def judge(self, facts: Facts) -> Support:
        """Any row that refuses decides; else one that could refuse leaves it unknown; else degrades, else runs."""
        by: dict[str, list[Row]] = {"refuses": [], "degrades": [], "runs": []}
        maybe: dict[str, list[Row]] = {"refuses": [], "degrades": [], "runs": []}
        for row, holds in self._compiled(facts.op.label):
            truth = holds(facts)
            if truth:
                by[row.verdict].append(row)
            elif truth is None:
                maybe[row.verdict].append(row)
        if by["refuses"]:
            return Support(Verdict.REFUSES, tuple(by["refuses"]))
        if maybe["refuses"]:
            return Support(Verdict.UNKNOWN, (), tuple(maybe["refuses"]))
        if by["degrades"]:
            return Support(Verdict.DEGRADES, tuple(by["degrades"]))
        if by["runs"]:
            return Support(Verdict.RUNS, tuple(by["runs"]), tuple(maybe["degrades"]))
        return Support(Verdict.UNKNOWN, (), (*maybe["degrades"], *maybe["runs"]))


def in_force(row: Row, backend: Backend, unit: Unit, release: str, precision: str) -> bool:
    """Whether a row speaks of a unit at all: its release, generation, features and precision."""
    if row.precision and precision not in row.precision:
        return False
    if not set(row.features) <= set(unit.features) or set(row.lacks) & set(unit.features):
        return False
    if (row.generation.min or row.generation.max) and not _generation_fits(row, backend, unit):
        return False
    return backend.covers(row.since, row.until, release)


def _generation_fits(row: Row, backend: Backend, unit: Unit) -> bool:
    order = backend.units[unit.name].generations
    if unit.generation not in order:
        return False
    at, span = order.index(unit.generation), row.generation
    return (not span.min or order.index(span.min) <= at) and (not span.max or at <= order.index(span.max))
