"""A figure in bytes that need not be one number."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Range"]


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes: at least `low`, at most `high`, most likely `likely`; all three are equal where the figure is exact."""

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

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.likely + other.likely, self.high + other.high)

    def __or__(self, other: Range) -> Range:
        """The larger of two needs that do not come at the same time."""
        return Range(max(self.low, other.low), max(self.likely, other.likely), max(self.high, other.high))
