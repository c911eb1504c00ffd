"""Prediction and compiler side by side: the parts of an agreement, as values a report can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from edgeplan.verify.answer import Answer

__all__ = [
    "Agreement",
    "Converted",
    "Figure",
    "Group",
    "Match",
    "OpCount",
    "Outcome",
    "Side",
    "share_of_ops",
    "share_of_work",
]


class Match(Enum):
    """How a prediction and the compiler's word go together.

    `not-said`: the compiler folded the op away, or did not get as far. `left-out`: a known difference between the
    referee and the device's runtime.
    """

    AGREE = "agree"
    RUNS_BUT_REFUSED = "predicted-runs-but-refused"
    REFUSED_BUT_RUNS = "predicted-refuses-but-compiles"
    UNKNOWN = "unknown"
    NOT_SAID = "not-said"
    LEFT_OUT = "left-out"

    @property
    def wrong(self) -> bool:
        """The two contradict each other."""
        return self in (Match.RUNS_BUT_REFUSED, Match.REFUSED_BUT_RUNS)

    @property
    def counts(self) -> bool:
        """The op is part of the figures: both could have said something."""
        return self not in (Match.NOT_SAID, Match.LEFT_OUT)


class Outcome(Enum):
    """The answer in a word."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    CANNOT_TELL = "cannot-tell"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class Group:
    """Ops of one type that were predicted, and said to be, on the same units.

    `predicted` and `said` are unit names: empty for no unit, `unknown` for no verdict. `macs` and `moved` are the
    work of these ops, `rows` the ids that decided, `words` the compiler's reason, or that of a known difference.
    """

    match: Match
    type: str
    predicted: str
    said: str
    ops: tuple[str, ...]
    macs: int
    moved: int
    rows: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that both know, or that only the compiler tells (`predicted` None); `unit` is `bytes` or a plural."""

    name: str
    predicted: int | None
    said: int
    unit: str


@dataclass(frozen=True, slots=True)
class OpCount:
    """Ops of one type in edgeplan's lowering and in what a converter made; `why` says what is known of a difference."""

    type: str
    predicted: int
    said: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """A graph's ops, its parts on the referee's unit, the shares (0 to 1) of ops and of work left to other units."""

    ops: int
    parts: int
    ops_left: float
    work_left: float


@dataclass(frozen=True, slots=True)
class Converted:
    """The plan of a model beside that of the file a converter made of it, which the compiler was asked about.

    `left` counts ops that leave the unit, by type, where the two differ. `checked` is how far the file's results were
    from the model's, relative; `drawn` how many of its weights were drawn at random for that. `same` when the parts are
    as many and the work on the unit differs by less than one point.
    """

    tool: str
    checked: float
    drawn: int
    ours: Side
    theirs: Side
    left: tuple[OpCount, ...]
    same: bool


@dataclass(frozen=True)
class Agreement:
    """What one referee and edgeplan say of one model.

    `fails` and `said_fails` tell whether the model as a whole was predicted to find no taker, and was refused; None
    where the question was not settled. The shares (0 to 1) are of those ops that both speak of. `notes` say how the
    referee's target differs from the device; `converted` how the file asked about came from the model.
    """

    referee: str
    title: str
    unit: str
    outcome: Outcome
    answer: Answer
    fails: bool
    said_fails: bool | None
    share_of_ops: float | None
    share_of_work: float | None
    groups: tuple[Group, ...]
    figures: tuple[Figure, ...]
    counts: tuple[OpCount, ...]
    notes: tuple[str, ...]
    converted: Converted | None = None


def share_of_ops(groups: Sequence[Group]) -> float | None:
    """Agreeing ops among those that count; None when there are none."""
    return _share([(len(g.ops), g) for g in groups])


def share_of_work(groups: Sequence[Group]) -> float | None:
    """The same by multiply-accumulates, or by bytes moved in a model that has none."""
    macs = sum(g.macs for g in groups if g.match.counts)
    return _share([(g.macs if macs else g.moved, g) for g in groups])


def _share(weighed: Sequence[tuple[int, Group]]) -> float | None:
    total = sum(n for n, g in weighed if g.match.counts)
    return sum(n for n, g in weighed if g.match is Match.AGREE) / total if total else None
