"""From placement, work and memory to findings: each trouble once, with the ops it touches and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from edgeplan.capability.rows import Row
from edgeplan.cost.work import Work
from edgeplan.finding import CODES, Confidence, Evidence, Finding, Severity
from edgeplan.graph import Graph
from edgeplan.memory.plan import MemoryPlan
from edgeplan.place.partition import UNKNOWN, Placement
from edgeplan.place.support import Verdict
from edgeplan.target import Target
from edgeplan.units import say_bytes

__all__ = ["Case", "diagnose"]

DATA_DEPENDENT = frozenset(
    {"NonZero", "NonMaxSuppression", "Unique", "Compress", "non_zero", "non_maximum_suppression"}
)
"""Ops whose output size only the data decide. Source: ONNX operator specifications."""

FRAGMENTED = 3
"""Runs on the accelerator from which the graph counts as fragmented; see `_FRAGMENTED_SOURCE`."""

_FRAGMENTED_SOURCE = Evidence(
    "ort-usability",
    "vendor-code",
    "three partitions or more: 'NO', not recommended, whatever share of the nodes they hold",
    "https://github.com/microsoft/onnxruntime/blob/v1.21.0/tools/python/util/mobile_helpers/usability_checker.py",
)


@dataclass(frozen=True, slots=True)
class Case:
    """All that a diagnosis rests on."""

    graph: Graph
    target: Target
    placement: Placement
    work: tuple[Work, ...]
    memory: MemoryPlan
    free: tuple[str, ...]
    missing: tuple[str, ...]
    size_budget: int | None

    def finding(
        self, code: str, message: str, ops: Sequence[int] = (), row: Row | None = None, **more: object
    ) -> Finding:
        """A finding over lowered ops, named by the source ops they came from, with the row's evidence."""
        backend = self.target.backend
        names = dict.fromkeys(s for i in ops for s in self.graph.ops[i].sources)
        severity = more.pop("severity", CODES[code].severity)
        evidence = more.pop("evidence", backend.evidence(row.source) if row else ())
        assert isinstance(severity, Severity)
        assert isinstance(evidence, tuple)
        fix = more.pop("fix", row.fix if row else ())
        assert isinstance(fix, tuple)
        assert not more
        return Finding(
            code,
            severity,
            message,
            tuple(names),
            backend.row_id(row) if row else "",
            backend.confidence(row) if row else Confidence.HIGH,
            evidence,
            backend.evidence(row.against) if row else (),
            fix,
            self._share(ops, lambda w: w.macs),
            self._share(ops, lambda w: w.moved),
        )

    def _share(self, ops: Sequence[int], part: Callable[[Work], int | None]) -> float | None:
        total = sum(part(w) or 0 for w in self.work)
        return sum(part(self.work[i]) or 0 for i in ops) / total if ops and total else None


def diagnose(case: Case) -> tuple[Finding, ...]:
    """Every finding, worst first; those of equal severity by code, then by the work they touch."""
    found = [*_shapes(case), *_placement(case), *_fragmentation(case), *_memory(case)]
    return tuple(sorted(found, key=lambda f: (-f.severity.rank, f.code, -(f.macs_share or 0), -(f.bytes_share or 0))))


def _shapes(case: Case) -> Iterator[Finding]:
    if case.free:
        binding = tuple(f"--dim {name}=SIZE" for name in case.free)
        names = ", ".join(case.free)
        yield case.finding("EP001", f"{_count(len(case.free), 'input dimension')} left open: {names}", fix=binding)
    if case.missing:
        yield case.finding("EP004", f"weights are not beside the model: {', '.join(case.missing[:3])}")
    data: list[int] = []
    other: list[int] = []
    for i, op in enumerate(case.graph.ops):
        values = case.graph.values
        sized = all(values[n].bytes is not None for n in op.inputs)
        if sized and any(values[n].bytes is None for n in op.outputs):
            inner = {o.type for body in op.bodies for _, o in body.graph.walk()}
            (data if op.type in DATA_DEPENDENT or inner & DATA_DEPENDENT else other).append(i)
    for code, ops, message in (
        ("EP002", data, "{} whose output size only the data decide"),
        ("EP003", other, "{} whose output shape is not known"),
    ):
        for group in _by_type(case.graph, ops):
            fix = tuple(f"--value {name}=VALUE" for name in _deciding_inputs(case.graph, group))
            yield case.finding(code, message.format(_ops(case.graph, group)), group, fix=fix)
    uncounted = [i for i, w in enumerate(case.work) if w.macs is None and not case.free]
    if uncounted:
        yield case.finding("EP902", f"{_ops(case.graph, uncounted)} whose work could not be counted", uncounted)


def _deciding_inputs(graph: Graph, ops: Sequence[int]) -> tuple[str, ...]:
    """The scalar inputs of the model from which alone the conditions of branches among these ops are computed."""
    seen: dict[str, None] = {}
    waiting = [graph.ops[i].inputs[0] for i in ops if graph.ops[i].bodies and graph.ops[i].inputs]
    for name in waiting:
        if name in seen or graph.values[name].const:
            continue
        if graph.values[name].elements != 1:
            return ()
        seen[name] = None
        if name in graph.producer:
            waiting += graph.ops[graph.producer[name]].inputs
    return tuple(name for name in graph.inputs if name in seen)


def _placement(case: Case) -> Iterator[Finding]:
    units = case.target.units
    if not case.target.backend.rows:
        every = range(len(case.graph.ops))
        yield case.finding(
            "EP107", f"no row has been written for {case.target.backend.title} yet: every op is unknown", every
        )
        return
    refused = _Groups()
    unknown = _Groups()
    degraded = _Groups()
    for i, chosen in enumerate(case.placement.units):
        support = case.placement.support[i]
        if not support:
            continue
        first = support[0]
        if chosen == UNKNOWN:
            at = next(k for k, s in enumerate(support) if s.verdict is Verdict.UNKNOWN)
            code = "EP103" if any(s.verdict.usable for s in support) else "EP107"
            waiting = support[at].open[0] if support[at].open else None
            if waiting is None or not case.free:
                unknown.add((code, units[at].title, case.graph.ops[i].label), waiting, i)
        elif first.verdict is Verdict.REFUSES and units[0].accelerator:
            reason = first.rows[0]
            off = not chosen or not case.target.unit(chosen).accelerator
            refused.add(("EP104" if not chosen else reason.code or ("EP101" if off else "EP105"), chosen), reason, i)
        elif not chosen:
            refused.add(("EP104", chosen), next((s.rows[0] for s in support if s.rows), None), i)
        elif first.verdict is Verdict.DEGRADES and chosen == units[0].name:
            for reason in first.rows:
                degraded.add((reason.code or "EP105", chosen), reason, i)
    for (code, chosen), row, ops in refused:
        yield _refusal(case, code, row, chosen, ops)
    for (code, title, label), waiting, ops in unknown:
        if waiting is None:
            yield case.finding(code, f"no row says whether the {title} runs {label}: {_ops(case.graph, ops)}", ops)
        else:
            message = f"{_ops(case.graph, ops)}: whether the {title} runs them hangs on a size or value not known"
            yield case.finding(code, f"{message}: {waiting.why}", ops, waiting)
    for (code, chosen), row, ops in degraded:
        why = row.why if row else ""
        yield case.finding(code, f"{_ops(case.graph, ops)} on the {case.target.unit(chosen).title}: {why}", ops, row)


class _Groups:
    """Ops gathered by a key and the row that speaks of them, in the order they were met."""

    def __init__(self) -> None:
        self._found: dict[tuple[tuple[str, ...], str], tuple[Row | None, list[int]]] = {}

    def add(self, key: tuple[str, ...], row: Row | None, op: int) -> None:
        """Put one op in its group."""
        self._found.setdefault((key, row.id if row else ""), (row, []))[1].append(op)

    def __iter__(self) -> Iterator[tuple[tuple[str, ...], Row | None, list[int]]]:
        for (key, _), (row, ops) in self._found.items():
            yield key, row, ops


def _refusal(case: Case, code: str, row: Row | None, chosen: str, ops: Sequence[int]) -> Finding:
    what = _ops(case.graph, ops)
    why = f": {row.why}" if row and row.why else ""
    if not chosen:
        return case.finding(code, f"{what} that {case.target.backend.title} does not take{why}", ops, row)
    units = case.target.units
    verb = "leave" if len(ops) > 1 else "leaves"
    likely = "" if row is None or case.target.backend.confidence(row) is Confidence.HIGH else " likely"
    return case.finding(
        code, f"{what}{likely} {verb} the {units[0].title} for the {case.target.unit(chosen).title}{why}", ops, row
    )


def _fragmentation(case: Case) -> Iterator[Finding]:
    accelerators = {u.name for u in case.target.units if u.accelerator}
    runs = [s for s in case.placement.segments if s.unit in accelerators]
    if len(runs) < FRAGMENTED:
        return
    moved = [c.bytes for c in case.placement.crossings]
    size = say_bytes(sum(b for b in moved if b is not None))
    crossing = f"{_count(len(moved), 'value')} ({size}) cross between units"
    message = f"the accelerator's work is cut into {len(runs)} runs; {crossing}"
    yield case.finding("EP102", message, evidence=(_FRAGMENTED_SOURCE,))


def _memory(case: Case) -> Iterator[Finding]:
    memory, budget = case.memory, case.target.budget
    total = memory.total
    if memory.unsized and not case.free:
        yield case.finding(
            "EP901", f"{_count(len(memory.unsized), 'value')} of unknown size: the memory figure is a lower bound"
        )
    needs = f"needs {'at least ' if memory.unsized else ''}{say_bytes(total)}"
    if budget.given is not None and total > budget.given:
        yield case.finding("EP201", f"{needs}, the budget is {say_bytes(budget.given)}")
    elif budget.given is None and budget.limit is not None and total > budget.limit:
        message = f"{needs}, {case.target.device.title} gives {say_bytes(budget.limit)} ({budget.basis})"
        yield case.finding("EP201", message, evidence=budget.evidence)
    elif budget.given is None and budget.guidance is not None and total > budget.guidance:
        yield case.finding("EP203", f"{needs}, the vendor advises to stay under {say_bytes(budget.guidance)}")
    if budget.effective is None:
        yield case.finding("EP204", f"{budget.basis}; give one with --budget memory=SIZE")
    if case.size_budget is not None and memory.weights > case.size_budget:
        message = f"weights take {say_bytes(memory.weights)}, the size budget is {say_bytes(case.size_budget)}"
        yield case.finding("EP202", message)


def _by_type(graph: Graph, ops: Iterable[int]) -> Iterable[list[int]]:
    groups: dict[str, list[int]] = {}
    for i in ops:
        groups.setdefault(graph.ops[i].label, []).append(i)
    return groups.values()


def _ops(graph: Graph, ops: Sequence[int]) -> str:
    """`14 conv ops`, `1 op`: the number, and the type when they share one."""
    types = {graph.ops[i].label for i in ops}
    kind = f"{types.pop()} " if len(types) == 1 else ""
    return _count(len(ops), f"{kind}op")


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"
