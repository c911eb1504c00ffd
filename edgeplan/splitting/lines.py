"""The cheapest split at every value of a factor: at each bandwidth, or each weighing of one cost against another.

A split costs `a + b x` where prices are `fixed + per x`: a line over x. The cheapest split at each x is the lower
envelope of these lines, which is concave, so two neighbouring cheapest splits meet at a known x, and one cut there says
whether a third passes below (Eisner and Severance 1976). That gives the exact places where the answer changes, by two
cuts for each, and not by sampling.

The splits need not be nested: where some ops are slower in the cloud, more bandwidth can move ops back to the device.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from edgeplan.splitting.mincut import Cutter
from edgeplan.splitting.problem import Prices, cost_of

__all__ = ["Line", "Stretch", "cheapest_lines", "envelope"]

Array = NDArray[Any]

_SAME = 1e-9
"""Relative difference of two costs that are one, after the roundings of the cut's whole numbers."""


@dataclass(frozen=True, slots=True)
class Line:
    """A split, by the ops [ops] that the device runs, that costs `a + b x`."""

    a: float
    b: float
    device: Array

    def at(self, x: float) -> float:
        """Its cost."""
        return self.a + self.b * x


@dataclass(frozen=True, slots=True)
class Stretch:
    """The values of x, from `low` to `high`, at which a line is the cheapest."""

    low: float
    high: float
    line: Line


def cheapest_lines(cutter: Cutter, fixed: Prices, per: Prices, low: float, high: float) -> list[Line]:
    """The splits that are cheapest somewhere between two values of x, from the one at `low` on."""

    def ask(x: float) -> Line:
        device = cutter.cut(fixed + per * x).device
        return Line(cost_of(cutter.problem, fixed, device), cost_of(cutter.problem, per, device), device)

    first, last = ask(low), ask(high)
    return [first, *_between(ask, first, last, low, high), last] if _apart(first, last, low, high) else [first]


def _between(ask: Callable[[float], Line], left: Line, right: Line, low: float, high: float) -> list[Line]:
    """The lines below both, in order of x."""
    found: list[Line] = []
    work = [(left, right, low, high)]
    while work:
        left, right, low, high = work.pop()
        if left.b <= right.b:  # as good at both ends: no line is below between
            continue
        x = (right.a - left.a) / (left.b - right.b)
        if not low < x < high:
            continue
        middle = ask(x)
        if middle.at(x) >= left.at(x) * (1 - _SAME):
            continue
        found.append(middle)
        work += [(left, middle, low, x), (middle, right, x, high)]
    return sorted(found, key=lambda line: -line.b)


def _apart(first: Line, last: Line, low: float, high: float) -> bool:
    return first.at(high) > last.at(high) * (1 + _SAME) or last.at(low) > first.at(low) * (1 + _SAME)


def envelope(lines: Sequence[Line], low: float, high: float) -> list[Stretch]:
    """Where each of some lines is the lowest, from `low` to `high`; of equal ones the first. Those never lowest go."""
    found: list[Stretch] = []
    x = low
    line = min(lines, key=lambda at: (at.at(low), at.b))
    while True:
        meets = [(((o.a - line.a) / (line.b - o.b)), o) for o in lines if o.b < line.b]
        ahead = [(max(at, x), o) for at, o in meets if at < high]
        if not ahead:
            found.append(Stretch(x, high, line))
            return found
        end, after = min(ahead, key=lambda m: (m[0], m[1].b))
        if end > x:
            found.append(Stretch(x, end, line))
        x, line = end, after
