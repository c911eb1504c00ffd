"""What a diagnosis rests on, and the words that findings share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from edgeplan.capability.rows import Row
from edgeplan.cost.latency import Latency
from edgeplan.cost.work import Work
from edgeplan.finding import CODES, Confidence, Finding, Severity
from edgeplan.graph import Graph
from edgeplan.memory.plan import MemoryPlan
from edgeplan.place.partition import Placement
from edgeplan.target import Target
from edgeplan.units import count

__all__ = ["Case", "by_type", "ops_of"]


@dataclass(frozen=True, slots=True)
class Case:
    """All that a diagnosis rests on: the model as it was read, `source`, and as the runtime runs it, `graph`."""

    source: Graph
    graph: Graph
    target: Target
    placement: Placement
    work: tuple[Work, ...]
    memory: MemoryPlan
    latency: Latency
    free: tuple[str, ...]
    missing: tuple[str, ...]
    size_budget: int | None
    latency_budget: float | None

    def finding(
        self, code: str, message: str, ops: Sequence[int] = (), row: Row | None = None, **more: object
    ) -> Finding:
        """A finding over lowered ops, named by the source ops they came from, with the row's evidence and confidence.

        `severity`, `confidence`, `evidence` and `fix` say otherwise.
        """
        backend = self.target.backend
        names = dict.fromkeys(s for i in ops for s in self.graph.ops[i].sources)
        severity = more.pop("severity", CODES[code].severity)
        evidence = more.pop("evidence", backend.evidence(row.source) if row else ())
        assert isinstance(severity, Severity)
        assert isinstance(evidence, tuple)
        trust = more.pop("confidence", backend.confidence(row) if row else Confidence.HIGH)
        assert isinstance(trust, Confidence)
        fix = more.pop("fix", row.fix if row else ())
        assert isinstance(fix, tuple)
        assert not more
        return Finding(
            code,
            severity,
            message,
            tuple(names),
            backend.row_id(row) if row else "",
            trust,
            evidence,
            backend.evidence(row.against) if row else (),
            fix,
            self._share(ops, lambda w: w.macs),
            self._share(ops, lambda w: w.moved),
        )

    def named(self, code: str, message: str, ops: tuple[str, ...], fix: tuple[str, ...] = ()) -> Finding:
        """A finding over ops of the source that no lowered op stands for."""
        return Finding(code, CODES[code].severity, message, ops, fix=fix)

    def _share(self, ops: Sequence[int], part: Callable[[Work], int | None]) -> float | None:
        total = sum(part(w) or 0 for w in self.work)
        return sum(part(self.work[i]) or 0 for i in ops) / total if ops and total else None


def by_type(graph: Graph, ops: Iterable[int]) -> Iterable[list[int]]:
    """Ops gathered by their label."""
    groups: dict[str, list[int]] = {}
    for i in ops:
        groups.setdefault(graph.ops[i].label, []).append(i)
    return groups.values()


def ops_of(graph: Graph, ops: Sequence[int]) -> str:
    """`14 conv ops`, `1 op`: the number, and the type when they share one."""
    types = {graph.ops[i].label for i in ops}
    kind = f"{types.pop()} " if len(types) == 1 else ""
    return count(len(ops), f"{kind}op")
