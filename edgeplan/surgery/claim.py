"""What a rewrite promises about the numbers: how far the new results may lie from the old ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["EQUAL", "EXACT", "Claim", "changes"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A promise: `exact` (bit by bit), `equal` (the same algebra, rounded otherwise), `changes` (the numbers move).

    `tolerance` is the largest root-mean-square difference, as a part of the root mean square of the old result.
    """

    kind: Literal["exact", "equal", "changes"]
    tolerance: float
    why: str = ""

    @property
    def risk(self) -> str:
        """As a report says it."""
        said = {"exact": "exact", "equal": "numerically equal"}
        return said.get(self.kind, f"changes the numbers, by {self.tolerance:.0e} at most")


EXACT = Claim("exact", 0.0)
"""Every element keeps every bit: data is only moved, renamed or left out."""

EQUAL = Claim("equal", 1e-6)
"""The same value in real arithmetic; only where rounding falls differs."""


def changes(tolerance: float, why: str) -> Claim:
    """Another value, within `tolerance`, because of `why`."""
    return Claim("changes", tolerance, why)
