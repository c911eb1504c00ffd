"""What came of a replay: the examples of rows put to a compiler, and the verdict on each row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from edgeplan.graph import Graph
from edgeplan.verify.agreement import Agreement

__all__ = ["Heard", "Outcome", "Replay", "RowWord", "Said"]


class Outcome(Enum):
    """What a replay makes of an example, and of a row."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    NOT_ASKED = "cannot-be-asked"


@dataclass(frozen=True, slots=True)
class Heard:
    """An example that the compiler was asked about: what edgeplan lowers it to, and how the two answers go together."""

    lowered: Graph
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class Said:
    """What came of one example of a row: `words` are the compiler's, or why there is nothing to compare."""

    text: str
    role: str
    outcome: Outcome
    words: str


@dataclass(frozen=True, slots=True)
class RowWord:
    """A row's verdict with its examples; a row that is contradicted lists examples of others that it decides, too."""

    id: str
    outcome: Outcome
    examples: tuple[Said, ...]

    @property
    def why(self) -> str:
        """The first reason why it could not be asked about; empty when it was."""
        if self.outcome is not Outcome.NOT_ASKED:
            return ""
        return self.examples[0].words if self.examples else "no example"


@dataclass(frozen=True)
class Replay:
    """The rows of one referee's unit, held against it. `asked` examples were questions, `examples` there are in all."""

    referee: str
    title: str
    backend: str
    unit: str
    release: str
    chip: str
    versions: Mapping[str, str]
    system: str
    examples: int
    asked: int
    rows: tuple[RowWord, ...]

    def of(self, outcome: Outcome) -> tuple[RowWord, ...]:
        """The rows that came out so."""
        return tuple(r for r in self.rows if r.outcome is outcome)

    @property
    def share(self) -> float | None:
        """Confirmed rows among those that could be asked about; None when there are none."""
        confirmed, contradicted = (len(self.of(o)) for o in (Outcome.CONFIRMED, Outcome.CONTRADICTED))
        return confirmed / (confirmed + contradicted) if confirmed + contradicted else None

    @property
    def reasons(self) -> Mapping[str, int]:
        """Why rows could not be asked about, the commonest first."""
        return dict(Counter(_kind(r.why) for r in self.of(Outcome.NOT_ASKED)).most_common())


def _kind(why: str) -> str:
    """A reason without what differs from row to row behind its colon."""
    return why.partition(":")[0]
