"""A figure in bytes that need not be one number."""

from __future__ import annotations

from dataclasses import dataclass

from edgeplan.units import say_bytes, say_range

__all__ = ["Range"]


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes: at least `low`, at most `high`, most likely `likely`; all three are equal where the figure is exact.

    As text it reads as in reports: `17.0 MiB (15.2 to 40.1 MiB)`.
    """

    low: int = 0
    likely: int = 0
    high: int = 0

    @classmethod
    def exactly(cls, size: int) -> Range:
        """The range of one known figure."""
        return cls(size, size, size)

    @property
    def exact(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high

    def __str__(self) -> str:
        return say_range(self.low, self.likely, self.high, say_bytes)

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.likely + other.likely, self.high + other.high)

    def __or__(self, other: Range) -> Range:
        """The larger of two needs that do not come at the same time."""
        return Range(max(self.low, other.low), max(self.likely, other.likely), max(self.high, other.high))
