"""What a pruning is to reach."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

from edgeplan.units import say_bytes, say_macs, say_percent, say_seconds

__all__ = ["Goal"]


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached: `memory` in bytes of the planned peak, `latency` in seconds, `macs`, or a `ratio`.

    `macs` up to 1 are the part of the multiply-accumulates to keep, above it their number; `ratio` is the part of its
    channels that every group loses, between 0 and 1.
    """

    kind: Literal["memory", "latency", "macs", "ratio"]
    amount: float

    @classmethod
    def of(
        cls,
        *,
        memory: float | None = None,
        latency: float | None = None,
        macs: float | None = None,
        ratio: float | None = None,
    ) -> Goal:
        """The one goal that is given. Raises `ValueError` where there is none, or two, or one that makes no sense."""
        found = [
            *([cls("memory", memory)] if memory is not None else []),
            *([cls("latency", latency)] if latency is not None else []),
            *([cls("macs", macs)] if macs is not None else []),
            *([cls("ratio", ratio)] if ratio is not None else []),
        ]
        if len(found) != 1:
            raise ValueError("give one goal: memory, latency, macs or ratio")
        goal = found[0]
        if not 0 < goal.amount < (1 if goal.kind == "ratio" else inf):
            raise ValueError(f"{goal.amount:g} is no goal of {goal.kind}")
        return goal

    def said(self) -> str:
        """`40.0 MiB of memory`, `50 % of the MACs`."""
        if self.kind == "memory":
            return f"{say_bytes(self.amount)} of memory"
        if self.kind == "latency":
            return say_seconds(self.amount)
        if self.kind == "macs" and self.amount > 1:
            return say_macs(round(self.amount))
        return f"{say_percent(self.amount)} {'of the MACs' if self.kind == 'macs' else 'fewer channels'}"
