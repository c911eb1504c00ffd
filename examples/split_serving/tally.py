"""What became of requests: where each was answered, in what time, and why not by the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Answer", "Tally", "quantile"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The outputs for one request. `where` is "split" where the server had a part in it, "device" where it had none;
    `why` then says why. `device` and `server` are the seconds each computed of the `seconds` in all.
    """

    outputs: dict[str, NDArray[Any]]
    where: Literal["split", "device"]
    seconds: float
    device: float
    server: float = 0.0
    tries: int = 0
    why: str = ""

    @property
    def link(self) -> float:
        """Seconds that neither side computed."""
        return max(0.0, self.seconds - self.device - self.server)


@dataclass(slots=True)
class Tally:
    """Counts answers."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {"split": [], "device": []})
    reasons: Counter[str] = field(default_factory=Counter)
    repeats: int = 0

    def add(self, answer: Answer) -> None:
        """Count one."""
        self.seconds[answer.where].append(answer.seconds)
        self.repeats += max(0, answer.tries - 1)
        if answer.why:
            self.reasons[answer.why] += 1

    def lines(self) -> list[str]:
        """The whole, for people."""
        lines = []
        for where, taken in self.seconds.items():
            if taken:
                p50, p95, p99 = (1e3 * quantile(taken, q) for q in (0.5, 0.95, 0.99))
                lines.append(f"{where:<7} {len(taken):>6}   p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms")
        if self.repeats:
            lines.append(f"sent again {self.repeats} times")
        return lines + [f"{count:>6} x {why}" for why, count in self.reasons.most_common()]


def quantile(values: Sequence[float], part: float) -> float:
    """The smallest of some values that so large a part of them does not exceed."""
    return sorted(values)[max(0, ceil(part * len(values)) - 1)]
