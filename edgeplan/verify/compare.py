"""Holds the placement edgeplan predicts against what a compiler said of each op."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeplan.capability.match import compile_row
from edgeplan.capability.rows import Row
from edgeplan.cost.work import Work, work_of
from edgeplan.graph import Graph, Op
from edgeplan.place.lowered import lower_for
from edgeplan.place.partition import UNKNOWN, Placement, place
from edgeplan.place.support import facts_of
from edgeplan.target import Target
from edgeplan.verify.agreement import Agreement, Group, Match, OpCount, Outcome, share_of_ops, share_of_work
from edgeplan.verify.answer import Answer, NodeSaid, Status
from edgeplan.verify.figures import figures
from edgeplan.verify.referees import Known, Referee
from edgeplan.verify.stand_in import StandIn

__all__ = ["compare"]


@dataclass(frozen=True, slots=True)
class _Said:
    unit: str
    words: str


def compare(
    graph: Graph,
    where: StandIn,
    answer: Answer,
    referee: Referee,
    counts: Sequence[OpCount] = (),
    predicted: Mapping[str, int] | None = None,
) -> Agreement:
    """Compare op by op, on the graph as edgeplan lowers it for the referee's own target.

    An op the compiler no longer knows (it was fused into a neighbour, or folded) is taken to be where its readers and
    its makers are; where these differ, it is not counted. `counts` of operators are passed through; they decide where
    the referee places nothing.
    """
    target = where.target
    lowered = lower_for(graph, target)
    placement = place(lowered, target)
    work = [work_of(lowered, op) for op in lowered.ops]
    said = _said(graph, lowered, answer)
    if answer.status is Status.COMPILED:  # else what it does not name, it may not have come to
        said = _spread(lowered, said)
    fails = "" in placement.units or referee.unit in placement.lost
    if not answer.said.nodes and answer.status is Status.REFUSED and fails:  # both: the whole model has no taker
        said = [_Said("", answer.words)] * len(lowered.ops)
    known = [_Exception(k, referee.unit) for k in referee.exception if not k.chips or where.chip in k.chips]
    groups = _groups(lowered, placement, work, said, known, referee.unit, target, answer.status is Status.REFUSED)
    said_fails = {Status.COMPILED: False, Status.REFUSED: True}.get(answer.status)
    notes = where.notes
    if said_fails is not None and said_fails != fails and (why := _excuse(answer, groups, known, lowered)):
        notes, said_fails = (*notes, why), None
    elif said_fails and not fails and UNKNOWN in placement.units:
        notes, said_fails = (*notes, "whether the model fails was not predicted: some of its ops have no row"), None
    outcome = _outcome(answer, groups, counts if referee.compares == "operators" else (), said_fails, fails)
    shown = tuple(figures(answer, lowered, placement, target, referee.unit, predicted or {}))
    return Agreement(
        referee.name, referee.title, referee.unit, outcome, answer, fails, said_fails,
        share_of_ops(groups), share_of_work(groups), groups, shown, tuple(counts), notes,
    )  # fmt: skip


class _Exception:
    """A known difference, ready to be held against ops."""

    def __init__(self, known: Known, unit: str) -> None:
        self.row = Row(known.id, known.ops, (unit,), "refuses", known.source, known.why, known.when)
        self.words = known.words
        self._holds = compile_row(self.row)

    def speaks_of(self, graph: Graph, op: Op, said: _Said | None) -> bool:
        """Whether the answer about this op is the referee's own and not the device's."""
        if "*" not in self.row.ops and op.label not in self.row.ops:
            return False
        return (not self.words or (said is not None and self.words in said.words)) and bool(
            self._holds(facts_of(graph, op))
        )


def _excuse(answer: Answer, groups: Sequence[Group], known: Sequence[_Exception], lowered: Graph) -> str:
    """Why the end of the whole model says nothing about the device: a known difference brought it about."""
    there = {"*", *(op.label for _, op in lowered.walk())}
    by_words = (k.row.why for k in known if k.words and k.words in answer.words and there.intersection(k.row.ops))
    return next(by_words, "") or next((g.words for g in groups if g.match is Match.LEFT_OUT), "")


def _said(graph: Graph, lowered: Graph, answer: Answer) -> list[_Said | None]:
    """What was said of each lowered op, through the source ops it came from; one that was refused decides."""
    nodes = answer.said.nodes
    if graph.dialect == "tflite":
        by_name = {graph.ops[int(n.name)].name: n for n in nodes if n.name.isdigit() and int(n.name) < len(graph.ops)}
    else:
        by_name = {n.name: n for n in nodes}
    return [_together([by_name[s] for s in (op.sources or (op.name,)) if s in by_name]) for op in lowered.ops]


def _together(nodes: Sequence[NodeSaid]) -> _Said | None:
    if not nodes:
        return None
    worst = next((n for n in nodes if n.words), next((n for n in nodes if not n.unit), None))
    units = {n.unit for n in nodes}
    if worst is None and len(units) > 1:  # parts on two units: the less preferred one does the op's last word
        worst = next(n for n in nodes if n.unit != nodes[0].unit)
    chosen = worst or nodes[0]
    return _Said(chosen.unit, chosen.words)


def _spread(graph: Graph, said: Sequence[_Said | None]) -> list[_Said | None]:
    """The same with what was absorbed given the unit of its neighbours, where its readers and its makers are all of
    one. Between two units nobody knows which one absorbed it.
    """
    after, before = list(said), list(said)
    readers = [[r for o in op.outputs for r in graph.consumers.get(o, ())] for op in graph.ops]
    makers = [[graph.producer[n] for n in graph.reads(op) if n in graph.producer] for op in graph.ops]
    for i in reversed(range(len(graph.ops))):
        after[i] = said[i] or _one([after[r] for r in readers[i]])
    for i in range(len(graph.ops)):
        before[i] = said[i] or _one([before[m] for m in makers[i]])
    sides = [
        [side[i] for side, there in ((after, readers[i]), (before, makers[i])) if there] for i in range(len(graph.ops))
    ]
    return [told or _one(sides[i]) for i, told in enumerate(said)]


def _one(said: Sequence[_Said | None]) -> _Said | None:
    """What they have in common: the unit, and the words where they are the same; None where one is not known."""
    known = [s for s in said if s is not None]
    if len(known) < len(said) or len({s.unit for s in known}) != 1:
        return None
    words = {s.words for s in known}
    return _Said(known[0].unit, words.pop() if len(words) == 1 else "")


def _groups(
    graph: Graph,
    placement: Placement,
    work: Sequence[Work],
    said: Sequence[_Said | None],
    known: Sequence[_Exception],
    unit: str,
    target: Target,
    refused: bool,
) -> tuple[Group, ...]:
    """Equal cases together, contradictions first. An op whose refusal fails the whole model agrees when that failed."""
    at = [u.name for u in target.units].index(unit)
    found: dict[tuple[Match, str, str, str, str], list[int]] = {}
    for i, op in enumerate(graph.ops):
        answer = said[i]
        fatal = answer is not None and refused and any(s.fatal for s in placement.support[i])
        match = Match.AGREE if fatal else _match(placement.units[i], answer, unit)
        words = _general(answer.words, op) if answer else ""
        if match is not Match.AGREE and answer is not None:
            excuse = next((k for k in known if k.speaks_of(graph, op, answer)), None)
            if excuse is not None:
                match, words = Match.LEFT_OUT, excuse.row.why
        key = (match, op.label, placement.units[i], answer.unit if answer else "", words)
        found.setdefault(key, []).append(i)
    order = [Match.RUNS_BUT_REFUSED, Match.REFUSED_BUT_RUNS, Match.UNKNOWN, Match.LEFT_OUT, Match.AGREE, Match.NOT_SAID]
    groups = []
    for (match, label, predicted, told, words), ops in found.items():
        rows = dict.fromkeys(
            target.backend.row_id(r)
            for i in ops
            for r in (*placement.support[i][at].rows, *placement.support[i][at].open)
        )
        names = tuple(graph.ops[i].name for i in ops)
        macs, moved = sum(work[i].macs or 0 for i in ops), sum(work[i].moved or 0 for i in ops)
        groups.append(Group(match, label, predicted, told, names, macs, moved, tuple(rows), words))
    return tuple(sorted(groups, key=lambda g: (order.index(g.match), -len(g.ops))))


def _general(words: str, op: Op) -> str:
    """The words without the op's own name, so that equal complaints about many ops are one."""
    for name in (*op.sources, op.name):
        words = words.replace(name, "...") if len(name) > 2 else words
    return words


def _match(predicted: str, said: _Said | None, unit: str) -> Match:
    if said is None:
        return Match.NOT_SAID
    if predicted == UNKNOWN:
        return Match.UNKNOWN
    if (predicted == unit) == (said.unit == unit):
        return Match.AGREE
    return Match.RUNS_BUT_REFUSED if predicted == unit else Match.REFUSED_BUT_RUNS


def _outcome(
    answer: Answer, groups: Sequence[Group], counts: Sequence[OpCount], said_fails: bool | None, fails: bool
) -> Outcome:
    if answer.status is Status.MISSING:
        return Outcome.NOT_ASKED
    wrong = any(g.match.wrong for g in groups) or any(c.predicted != c.said and not c.why for c in counts)
    if wrong or (said_fails is not None and said_fails != fails):
        return Outcome.DISAGREES
    told = any(g.match is Match.AGREE for g in groups) or bool(counts)
    return Outcome.AGREES if told and said_fails is not None else Outcome.CANNOT_TELL
