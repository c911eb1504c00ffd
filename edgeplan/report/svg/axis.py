"""An axis of a chart: a quantity laid over pixels, linear or logarithmic, with round marks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, log10

__all__ = ["Axis"]


@dataclass(frozen=True, slots=True)
class Axis:
    """Values `low` to `high` over pixels `start` to `end` (in either direction); a logarithmic axis begins above 0."""

    start: float
    end: float
    low: float
    high: float
    log: bool = False

    def at(self, value: float) -> float:
        """The pixel of a value; values off the axis lie at its ends."""
        value = min(max(value, self.low), self.high)
        if self.log:
            part = log10(value / self.low) / log10(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * part

    def marks(self, about: int = 5) -> Iterator[float]:
        """Round values on the axis: 1, 2 or 5 times a power of ten apart; on a logarithmic one 1, 2 and 5 times one."""
        if self.log:
            yield from self._decades(about)
            return
        raw = (self.high - self.low) / about
        power = 10.0 ** floor(log10(raw))
        step = min((power * n for n in (1, 2, 5, 10)), key=lambda s: abs(s - raw))
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        yield from (n * step for n in range(first, last + 1))

    def _decades(self, about: int) -> Iterator[float]:
        decades = log10(self.high / self.low)
        within = (1, 2, 5) if 3 * decades <= 1.6 * about else (1, 3) if decades <= about else (1,)
        for power in range(floor(log10(self.low)), ceil(log10(self.high)) + 1):
            for n in within:
                value = n * 10.0**power
                if self.low * (1 - 1e-9) <= value <= self.high * (1 + 1e-9):
                    yield value
