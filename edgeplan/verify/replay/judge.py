"""Holds rows against what a compiler says of their own examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from edgeplan.capability.match import applies
from edgeplan.capability.rows import Row
from edgeplan.graph import Graph
from edgeplan.place.support import Judge, facts_of
from edgeplan.target import Target, Unit
from edgeplan.verify.agreement import Group, Match
from edgeplan.verify.answer import Status
from edgeplan.verify.referees import Referee
from edgeplan.verify.replay.outcome import Heard, Outcome, Replay, RowWord, Said
from edgeplan.verify.stand_in import StandIn

__all__ = ["examples_of", "judge", "replayed", "rows_of", "silence"]

_GAVE_UP = {Status.TIMEOUT: "the compiler came to no end", Status.MEMORY: "the compiler took too much memory"}
_COMPILES = "it compiles"
_ELSEWHERE = "it goes to another unit, without a word why"
_Verdict = tuple[Outcome, str]


def rows_of(target: Target) -> tuple[Row, ...]:
    """The rows that the referee of a target can be asked about: those of its own unit, and of the last one.

    What the last unit refuses fails as a whole, which the compiler shows, too. Units between them have referees of
    their own.
    """
    names = {u.name for u in _asked(target)}
    return tuple(r for r in target.backend.rows if names & set(r.unit))


def silence(row: Row, target: Target) -> str:
    """Why a row says nothing of the units that are asked about; empty when it does."""
    backend, unit = target.backend, _unit(row, target)
    if unit is None:
        return "speaks of other units"
    if not backend.covers(row.since, row.until, target.release):
        return f"speaks of other releases than {target.release}"
    if row.precision and target.precision not in row.precision:
        return f"speaks of floats in {', '.join(row.precision)}, not {target.precision}"
    if not set(row.features) <= set(unit.features) or set(row.lacks) & set(unit.features):
        return "speaks of chips with other features"
    span, order = row.generation, backend.units[unit.name].generations
    if span.min or span.max:
        if unit.generation not in order:
            return "speaks of a generation, which this chip does not name"
        at = order.index(unit.generation)
        if (span.min and at < order.index(span.min)) or (span.max and order.index(span.max) < at):
            return f"speaks of other generations than {unit.generation}"
    return ""


def examples_of(rows: Iterable[Row], target: Target) -> tuple[str, ...]:
    """The texts to ask about, each once."""
    return tuple(dict.fromkeys(chain.from_iterable((*r.hits, *r.misses) for r in rows if not silence(r, target))))


def replayed(rows: Sequence[Row], heard: Mapping[str, Heard | str], referee: Referee, where: StandIn) -> Replay:
    """The whole replay as a value."""
    answers = [h.agreement.answer for h in heard.values() if isinstance(h, Heard)]
    first = next((a for a in answers if a.said.versions), answers[0] if answers else None)
    return Replay(
        referee.name, referee.title, referee.backend, referee.unit, referee.release, where.chip,
        dict(first.said.versions) if first else {}, first.system if first else "",
        len(heard), len(answers), judge(rows, heard, referee, where.target),
    )  # fmt: skip


def judge(
    rows: Sequence[Row], heard: Mapping[str, Heard | str], referee: Referee, target: Target
) -> tuple[RowWord, ...]:
    """One verdict a row; `heard` has what each example came to, or the reason why it was no question.

    A row is contradicted by a hit of which the compiler says something else, and by any example that it decides so.
    """
    bench = _Bench(referee, target)
    differing: dict[str, dict[str, str]] = {}
    for text, one in heard.items():
        if isinstance(one, Heard):
            for row, words in bench.differences(one):
                differing.setdefault(row, {}).setdefault(text, words)
    return tuple(bench.row(row, heard, differing.get(target.backend.row_id(row), {})) for row in rows)


@dataclass(frozen=True)
class _Bench:
    referee: Referee
    target: Target

    def row(self, row: Row, heard: Mapping[str, Heard | str], differing: Mapping[str, str]) -> RowWord:
        name, reason = self.target.backend.row_id(row), silence(row, self.target)
        if reason:
            return RowWord(name, Outcome.NOT_ASKED, (Said("", "", Outcome.NOT_ASKED, reason),))
        said = [self._hit(text, row, heard[text]) for text in row.hits if text in heard]
        told = {s.text for s in said if s.outcome is Outcome.CONTRADICTED}
        role = dict.fromkeys(row.misses, "miss") | dict.fromkeys(row.hits, "hit")
        said += [
            Said(text, role.get(text, "example of another row"), Outcome.CONTRADICTED, words)
            for text, words in differing.items()
            if text not in told
        ]
        outcomes = {s.outcome for s in said}
        word = next((o for o in (Outcome.CONTRADICTED, Outcome.CONFIRMED) if o in outcomes), Outcome.NOT_ASKED)
        return RowWord(name, word, tuple(said))

    def _hit(self, text: str, row: Row, one: Heard | str) -> Said:
        outcome, words = (Outcome.NOT_ASKED, one) if isinstance(one, str) else self._heard(row, one)
        return Said(text, "hit", outcome, words)

    def _heard(self, row: Row, one: Heard) -> _Verdict:
        answer = one.agreement.answer
        if answer.status in _GAVE_UP:
            return Outcome.NOT_ASKED, _GAVE_UP[answer.status]
        spoken = set(_spoken(row, one.lowered))
        if not spoken:
            return Outcome.NOT_ASKED, "the row does not hold of the file that is asked about"
        mine = [g for g in one.agreement.groups if spoken & set(g.ops)]
        words = next((g.words for g in mine if g.words), answer.words)
        if any(g.match is Match.UNKNOWN for g in mine):
            return Outcome.NOT_ASKED, "another row leaves it open"
        if any(g.match is Match.LEFT_OUT for g in mine) or self._excused(one):
            return Outcome.NOT_ASKED, f"a known difference: {words}"
        unit = _unit(row, self.target)
        assert unit is not None
        if unit.name != self.referee.unit and any(g.said not in ("", unit.name) for g in mine):
            return Outcome.NOT_ASKED, "another unit takes it before"
        outcome, why = (_refused if row.verdict == "refuses" else _taken)(row, one, mine, unit.name)
        return outcome, why or words

    def differences(self, one: Heard) -> Iterator[tuple[str, str]]:
        """The rows that decide what the compiler decides otherwise, each with its words."""
        agreement = one.agreement
        words = agreement.answer.words
        if agreement.answer.status in _GAVE_UP or self._excused(one):
            return
        failed, told = _failed(one), False
        for group in agreement.groups:
            if group.match is Match.RUNS_BUT_REFUSED or (group.match is Match.REFUSED_BUT_RUNS and not failed):
                told = True
                silent = _ELSEWHERE if group.match is Match.RUNS_BUT_REFUSED else _COMPILES
                for row in group.rows:
                    yield row, group.words or words or silent
        if failed is agreement.fails or told:
            return
        units = {u.name for u in self.target.units} if failed else {""}
        for group in agreement.groups:
            if group.predicted in units and (failed or group.match is not Match.NOT_SAID):
                for row in self._deciding(one, group):
                    yield row, words or _COMPILES

    def _deciding(self, one: Heard, group: Group) -> Iterator[str]:
        """The rows of the unit that an op was predicted on, or of the last one where it has none."""
        names = [u.name for u in self.target.units]
        at = names.index(group.predicted) if group.predicted in names else len(names) - 1
        judge = Judge(self.target)
        for op in one.lowered.ops:
            if op.name in group.ops:
                yield from map(self.target.backend.row_id, judge.support(one.lowered, op)[at].rows)

    def _excused(self, one: Heard) -> bool:
        """The compiler fails with words about an op of the example that are known to be its own, not the device's."""
        answer, labels = one.agreement.answer, {op.label for op in one.lowered.ops}
        speaking = (k for k in self.referee.exception if k.words and (not k.chips or answer.chip in k.chips))
        return _failed(one) and any(
            k.words in answer.words and ("*" in k.ops or not labels.isdisjoint(k.ops)) for k in speaking
        )


def _refused(row: Row, one: Heard, mine: Sequence[Group], unit: str) -> _Verdict:
    """A refusal is confirmed when the op is not taken, or the model fails over no other op."""
    if not _failed(one):
        if row.scope == "model" or any(g.said == unit for g in mine):
            return Outcome.CONTRADICTED, _COMPILES
        if any(g.match is Match.AGREE for g in mine):
            return Outcome.CONFIRMED, ""
        return Outcome.NOT_ASKED, "the compiler folds the op away"
    if any(g.match is Match.AGREE for g in mine):
        return Outcome.CONFIRMED, ""
    others = [g.words for g in one.agreement.groups if g not in mine and g.match is not Match.NOT_SAID and not g.said]
    if others:
        return Outcome.NOT_ASKED, f"the compiler refuses another op: {others[0]}"
    if not one.agreement.fails:
        return Outcome.NOT_ASKED, f"the model fails, whichever unit has the op: {one.agreement.answer.words}"
    return Outcome.CONFIRMED, ""


def _taken(row: Row, one: Heard, mine: Sequence[Group], unit: str) -> _Verdict:
    if any(g.predicted != unit for g in mine):
        return Outcome.NOT_ASKED, "another row refuses it"
    if any(g.match is Match.RUNS_BUT_REFUSED for g in mine):
        return Outcome.CONTRADICTED, next((g.words for g in mine if g.words), one.agreement.answer.words) or _ELSEWHERE
    if _failed(one):
        if one.agreement.fails:
            return Outcome.NOT_ASKED, "another row refuses the model"
        return Outcome.CONTRADICTED, one.agreement.answer.words
    if any(g.match is Match.AGREE for g in mine):
        return Outcome.CONFIRMED, ""
    return Outcome.NOT_ASKED, "the compiler folds the op away"


def _failed(one: Heard) -> bool:
    return one.agreement.answer.status in (Status.REFUSED, Status.CRASHED)


def _asked(target: Target) -> tuple[Unit, ...]:
    """The referee's own unit, and the one behind it where that is the last."""
    return target.units if len(target.units) == 2 else target.units[:1]


def _unit(row: Row, target: Target) -> Unit | None:
    """The first of the units that are asked about of which a row speaks."""
    return next((u for u in _asked(target) if u.name in row.unit), None)


def _spoken(row: Row, lowered: Graph) -> Iterator[str]:
    """The ops of which a row speaks, an op with bodies for those inside."""
    for op in lowered.ops:
        inside = ((graph, inner) for body in op.bodies for graph, inner in body.graph.walk())
        if any(applies(row, facts_of(graph, one)) is True for graph, one in chain([(lowered, op)], inside)):
            yield op.name
