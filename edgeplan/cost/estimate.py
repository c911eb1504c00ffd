"""A figure that a model gives, with the range it is expected in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, hypot, log

from edgeplan.units import say_range, say_seconds

__all__ = ["Estimate"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds or joules: `likely`, and the range `low` to `high` that held about 80 % of held-out measurements.

    `basis` says in a sentence what the figure rests on, and on how much.
    """

    low: float
    likely: float
    high: float
    basis: str

    def said(self, say: Callable[[float], str] = say_seconds) -> str:
        """`3.10 ms (2.40 to 4.60 ms)`; `say` says one figure."""
        return say_range(self.low, self.likely, self.high, say)

    def apart(self, other: Estimate) -> bool:
        """Whether the two ranges do not meet, so that one figure is surely the smaller."""
        return self.high < other.low or other.high < self.low

    def times(self, low: float, likely: float, high: float, basis: str) -> Estimate:
        """The product with another range."""
        return Estimate(self.low * low, self.likely * likely, self.high * high, basis)

    def plus(self, other: Estimate) -> Estimate:
        """The sum with a figure that errs with this one, on the same basis."""
        return Estimate(self.low + other.low, self.likely + other.likely, self.high + other.high, self.basis)

    def over(self, other: Estimate) -> Estimate:
        """How many times as much as another, above 0: both errors in quadrature, as of figures that share nothing."""
        likely = self.likely / other.likely
        up = hypot(log(self.high / self.likely), log(other.likely / other.low))
        down = hypot(log(self.likely / self.low), log(other.high / other.likely))
        return Estimate(likely * exp(-down), likely, likely * exp(up), "both ranges, as of errors that share nothing")
