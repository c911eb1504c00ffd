"""Findings about where ops run: EP101, EP103 to EP109."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeplan.capability.rows import Row
from edgeplan.diagnose.case import Case, ops_of
from edgeplan.finding import Confidence, Finding, Severity
from edgeplan.place.partition import UNKNOWN
from edgeplan.place.support import Support, Verdict
from edgeplan.target import Unit

__all__ = ["placement_findings"]


def placement_findings(case: Case) -> Iterator[Finding]:
    """What a unit refuses, degrades, loses or leaves out, and what no row knows."""
    units = case.target.units
    yield from _lost_units(case)
    refused = _Groups()
    unknown = _Groups()
    degraded = _Groups()
    alive = [k for k, unit in enumerate(units) if unit.name not in case.placement.lost]
    for i, chosen in enumerate(case.placement.units):
        support = case.placement.support[i]
        if chosen == UNKNOWN:
            at = next(k for k in alive if support[k].verdict is Verdict.UNKNOWN)
            code = "EP103" if any(support[k].verdict.usable for k in alive) else "EP107"
            waiting = support[at].open[0] if support[at].open else None
            if waiting is None or not case.free:
                unknown.add((code, units[at].title, case.graph.ops[i].label), waiting, i)
            continue
        for k in alive:
            if units[k].name == chosen:
                for reason in support[k].rows if support[k].verdict is Verdict.DEGRADES and k == alive[0] else ():
                    degraded.add((reason.code or "EP105", chosen), reason, i)
                break
            if support[k].verdict is Verdict.REFUSES:
                code = _refusal_code(case, support[k], units[k], k == alive[0], chosen)
                if code:
                    refused.add((code, units[k].name, chosen), support[k].rows[0], i)
            if support[k].fatal:
                break
    for (code, unit, chosen), row, ops in refused:
        yield _refusal(case, code, row, unit, chosen, ops)
    for (code, title, label), waiting, ops in unknown:
        if waiting is None:
            yield case.finding(code, f"no row says whether the {title} runs {label}: {ops_of(case.graph, ops)}", ops)
        else:
            message = f"{ops_of(case.graph, ops)}: whether the {title} runs them hangs on a size or value not known"
            yield case.finding(code, f"{message}: {waiting.why}", ops, waiting)
    for (code, chosen), row, ops in degraded:
        why = row.why if row else ""
        yield case.finding(code, f"{ops_of(case.graph, ops)} on the {case.target.unit(chosen).title}: {why}", ops, row)
    yield from _left_parts(case)


def _lost_units(case: Case) -> Iterator[Finding]:
    """Units whose compilation fails as a whole."""
    for name, (row, ops) in case.placement.lost.items():
        title = case.target.unit(name).title
        message = f"the {title} takes no op at all, because of {ops_of(case.graph, ops)}: {row.why}"
        yield case.finding(row.code or "EP108", message, ops, row, severity=Severity.WARNING)


def _left_parts(case: Case) -> Iterator[Finding]:
    """Ops with work to do that a unit could run and its runtime leaves out when it thins out the parts it takes."""
    for unit in case.target.units:
        ops = [i for i, name in case.placement.left.items() if name == unit.name and case.work[i].moved != 0]
        if ops and unit.partitions is not None:
            evidence = case.target.backend.evidence(unit.partitions.source)
            message = f"the {unit.title} could run {ops_of(case.graph, ops)} more"
            message = f"{message}, but its runtime leaves out such small or late parts"
            yield case.finding("EP109", message, ops, evidence=evidence)


def _refusal_code(case: Case, refusal: Support, unit: Unit, first: bool, chosen: str) -> str:
    """The code of a refusal, empty when an earlier unit's refusal has said all there is to say."""
    if refusal.fatal:
        return refusal.rows[0].code or "EP108"
    if not chosen:
        return "EP104" if first else ""
    off = not case.target.unit(chosen).accelerator
    if first and unit.accelerator:
        return refusal.rows[0].code or ("EP101" if off else "EP105")
    return "EP105" if off and not unit.accelerator else ""


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


def _refusal(case: Case, code: str, row: Row | None, unit: str, chosen: str, ops: Sequence[int]) -> Finding:
    what = ops_of(case.graph, ops)
    why = f": {row.why}" if row and row.why else ""
    if row is not None and row.scope == "model":
        return case.finding(code, f"{what} on which {case.target.backend.title} fails to compile{why}", ops, row)
    if not chosen:
        return case.finding(code, f"{what} that {case.target.backend.title} does not take{why}", ops, row)
    verb = "leave" if len(ops) > 1 else "leaves"
    likely = "" if row is None or case.target.backend.confidence(row) is Confidence.HIGH else " likely"
    leaves = f"the {case.target.unit(unit).title} for the {case.target.unit(chosen).title}"
    return case.finding(code, f"{what}{likely} {verb} {leaves}{why}", ops, row)
