"""One question put to a compiler and to edgeplan, and the table that many of them make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Case", "Tally", "tally"]

WORDS = ("runs", "refuses", "fails", "unknown")
"""What can be said of a model: it runs on the unit, leaves it for another, breaks the compilation, or nobody knows."""


@dataclass(frozen=True, slots=True)
class Case:
    """What the referee said of a model (`truth`) and what edgeplan says (`said`), both one of `WORDS`.

    `why` names the rows that decided. `left_out` is the reason why the case does not count: a known exception.
    """

    name: str
    truth: str
    said: str
    why: str = ""
    left_out: str = ""

    @property
    def right(self) -> bool:
        """Both said the same; unknown is never right."""
        return self.truth == self.said


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of a set of cases."""

    title: str
    cases: tuple[Case, ...]
    left_out: tuple[Case, ...]

    @property
    def right(self) -> float:
        """The share of right answers."""
        return self._share([c.right for c in self.cases])

    @property
    def found(self) -> float:
        """The share of the referee's refusals and failures that edgeplan says as well, in either word."""
        return self._share([c.said in ("refuses", "fails") for c in self.cases if c.truth in ("refuses", "fails")])

    @property
    def false_alarms(self) -> float:
        """The share of what the referee runs that edgeplan refuses."""
        return self._share([c.said in ("refuses", "fails") for c in self.cases if c.truth == "runs"])

    @property
    def wrong(self) -> tuple[Case, ...]:
        """The cases where the two differ."""
        return tuple(c for c in self.cases if not c.right)

    @staticmethod
    def _share(hits: Sequence[bool]) -> float:
        return sum(hits) / len(hits) if hits else 1.0

    def lines(self) -> Iterable[str]:
        """The confusion table in Markdown: one row for each word of the referee, one column for each of edgeplan."""
        counts = Counter((c.truth, c.said) for c in self.cases)
        said = [w for w in WORDS if any(s == w for _, s in counts)]
        yield f"### {self.title}: {len(self.cases)} cases, {self.right:.1%} right"
        yield ""
        yield f"| the referee | {' | '.join(f'edgeplan: {w}' for w in said)} |"
        yield f"|---|{'--:|' * len(said)}"
        for truth in (w for w in WORDS if any(t == w for t, _ in counts)):
            yield f"| {truth} | {' | '.join(str(counts[truth, w]) for w in said)} |"
        yield ""
        yield f"Refusals found {self.found:.1%}, false alarms {self.false_alarms:.1%}."
        reasons = Counter(c.left_out for c in self.left_out)
        if reasons:
            yield ""
        for reason, n in reasons.most_common():
            yield f"- left out, {n}: {reason}"


def tally(title: str, cases: Iterable[Case]) -> Tally:
    """Count the cases of one set."""
    every = tuple(cases)
    return Tally(title, tuple(c for c in every if not c.left_out), tuple(c for c in every if c.left_out))
