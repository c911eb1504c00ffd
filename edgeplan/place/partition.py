"""Which unit each op goes to, the segments that makes, and the values that cross between units."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from edgeplan.capability.match import compile_row
from edgeplan.capability.rows import Partitions, Row, Whole
from edgeplan.graph import Graph
from edgeplan.place.groups import provider_groups
from edgeplan.place.host import host_values, kept_on_host
from edgeplan.place.runs import Segment, runs_of
from edgeplan.place.support import Judge, Support, Verdict, facts_of
from edgeplan.target import Target, Unit

__all__ = ["UNKNOWN", "Crossing", "Placement", "place"]

UNKNOWN = "unknown"
"""The unit of an op that a preferred unit may or may not take: no row says."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A value made on one unit and read on another; `bytes` is None while its shape is unknown."""

    value: str
    source: str
    target: str
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Placement:
    """Verdicts by op and unit, every op's unit (empty where none takes it), segments and crossings: predicted.

    `lost` names the units whose compilation fails as a whole, with the row that says why and the ops it speaks of;
    `left` the ops that a unit could take and its runtime leaves out when it thins out its parts.
    """

    support: tuple[tuple[Support, ...], ...]
    units: tuple[str, ...]
    segments: tuple[Segment, ...]
    crossings: tuple[Crossing, ...]
    lost: Mapping[str, tuple[Row, tuple[int, ...]]] = field(default_factory=dict)
    left: Mapping[int, str] = field(default_factory=dict)


def place(graph: Graph, target: Target) -> Placement:
    """Give every op the first unit, in the runtime's order of preference, that takes it.

    An op is `unknown` as soon as a unit it would prefer is: the next unit's yes says nothing about where it runs. For
    counting segments it stays with its producer. An op that every unit refuses has no unit, nor has one whose refusal
    fails the whole compilation. Units whose parts the runtime thins out hand the rest on, and so do those beside which
    it keeps small work on the host.
    """
    judge = Judge(target)
    support = tuple(judge.support(graph, op) for op in graph.ops)
    lost = _lost(target.units, support)
    names = [unit.name for unit in target.units]
    open_to = [name not in lost for name in names]
    chosen = [_choose(names, open_to, verdicts) for verdicts in support]
    left: dict[int, str] = {}
    parts: list[tuple[int, ...]] = []
    held: dict[int, str] = {}
    for at, unit in enumerate(target.units):
        if unit.host is not None:
            for i in kept_on_host(graph, chosen, unit.name, unit.host):
                chosen[i] = _choose(names[at + 1 :], open_to[at + 1 :], support[i][at + 1 :])
        if unit.partitions is not None and unit.name in chosen:
            kept, out = _thinned(graph, chosen, unit.name, unit.partitions, held)
            parts += kept
            held.update((i, unit.name) for part in kept for i in part)
            for i in out:
                left.setdefault(i, unit.name)
                chosen[i] = _choose(names[at + 1 :], open_to[at + 1 :], support[i][at + 1 :])
    settled = _settled(graph, chosen, held)
    hardware = {u.name: u.hardware or u.name for u in target.units}
    stay = {v for u in target.units if u.host is not None for v in host_values(graph, settled, u.name, u.host)}
    crossings = _crossings(graph, settled, hardware, stay)
    return Placement(support, tuple(chosen), runs_of(graph, settled, parts), crossings, lost, left)


def _lost(units: Sequence[Unit], support: Sequence[Sequence[Support]]) -> dict[str, tuple[Row, tuple[int, ...]]]:
    """The units that some op's refusal takes as a whole: the first row that says so, and its ops."""
    found: dict[str, tuple[Row, list[int]]] = {}
    distinct = {id(verdicts): verdicts for verdicts in support}  # equal ops share one verdict
    fatal = {key for key, verdicts in distinct.items() if any(r.scope == "unit" for s in verdicts for r in s.rows)}
    for i, verdicts in enumerate(support) if fatal else ():
        for unit, said in zip(units, verdicts, strict=True) if id(verdicts) in fatal else ():
            row = next((r for r in said.rows if r.scope == "unit"), None)
            if row is not None and said.verdict is Verdict.REFUSES:
                first, ops = found.setdefault(unit.name, (row, []))
                if first is row:
                    ops.append(i)
    return {name: (row, tuple(ops)) for name, (row, ops) in found.items()}


def _choose(names: Sequence[str], open_to: Sequence[bool], verdicts: Sequence[Support]) -> str:
    for name, is_open, said in zip(names, open_to, verdicts, strict=True):
        if not is_open:
            continue
        if said.verdict is Verdict.UNKNOWN:
            return UNKNOWN
        if said.verdict.usable:
            return name
        if said.fatal:
            return ""
    return ""


def _thinned(
    graph: Graph, chosen: Sequence[str], name: str, rule: Partitions, held: Mapping[int, str]
) -> tuple[list[tuple[int, ...]], list[int]]:
    """The parts of a unit that its runtime hands over, and the ops that it was given and lie in none of them."""
    apart = _apart(graph, chosen, name, rule.whole)
    mine = [name if unit == name and i not in apart else "" for i, unit in enumerate(_settled(graph, chosen, held))]
    if rule.grouping == "onnxruntime":
        parts = provider_groups(graph, [unit == name for unit in mine])
    else:
        parts = [run.ops for run in runs_of(graph, mine) if run.unit == name]
    if rule.head:
        kept = parts[:1]
    else:
        kept = [p for p in parts if len(p) >= rule.least and not {graph.ops[i].label for i in p} <= set(rule.idle)]
        kept = sorted(kept, key=len, reverse=True)[: rule.most or None]
    inside = {i for part in kept for i in part}
    return kept, [i for i, unit in enumerate(chosen) if unit == name and i not in inside]


def _apart(graph: Graph, chosen: Sequence[str], name: str, rule: Whole | None) -> frozenset[int]:
    """The ops that the unit would only run with all the others."""
    if rule is None or all(unit == name for unit in chosen):
        return frozenset()
    holds = compile_row(Row("whole", rule.ops, (name,), "refuses", rule.source, when=rule.when))
    return frozenset(
        i for i, op in enumerate(graph.ops) if chosen[i] == name and op.label in rule.ops and holds(facts_of(graph, op))
    )


def _settled(graph: Graph, units: Sequence[str], held: Mapping[int, str]) -> tuple[str, ...]:
    """The units with every unknown op given that of the part it is `held` in, or of the first op it reads from."""
    found: list[str] = []
    for i, op in enumerate(graph.ops):
        unit = units[i]
        if unit == UNKNOWN:
            makers = (graph.producer.get(n) for n in op.inputs)
            unit = held.get(i) or next((found[m] for m in makers if m is not None), UNKNOWN)
        found.append(unit)
    return tuple(found)


def _crossings(
    graph: Graph, units: Sequence[str], hardware: Mapping[str, str], stay: Collection[tuple[str, str]]
) -> tuple[Crossing, ...]:
    """The values that cross; those that `stay` lie on the host for the unit that makes or reads them."""
    found: dict[tuple[str, str], Crossing] = {}
    where = [hardware.get(u, u) for u in units]
    for name, readers in graph.consumers.items():
        maker = graph.producer.get(name)
        if maker is None or graph.values[name].const:
            continue
        for reader in readers:
            moves = (name, units[maker]) not in stay and (name, units[reader]) not in stay
            if where[reader] != where[maker] and moves:
                key = (name, units[reader])
                found.setdefault(key, Crossing(name, units[maker], units[reader], graph.values[name].bytes))
    return tuple(found.values())
