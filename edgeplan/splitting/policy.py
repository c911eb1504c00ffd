"""Which way to take at which bandwidth, and not to change it back and forth where that hovers at a breakpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite

__all__ = ["Policy", "Span", "policy_of"]


@dataclass(frozen=True, slots=True)
class Span:
    """Uplinks in bits a second, `low` and above, below `high`, at which the way of index `way` is the best."""

    low: float
    high: float
    way: int


@dataclass(frozen=True, slots=True)
class Policy:
    """A table of spans, from 0 to infinity without a hole, no way twice; made by `policy_of`.

    Each breakpoint between two spans is a relay on its own: it is passed upwards only by a bandwidth of at least
    (1 + `hysteresis`) times the breakpoint, and downwards only by one below 1 / (1 + `hysteresis`) of it. So over the
    same bandwidths, with a larger hysteresis:

    * no breakpoint is passed more often, and so neither are all of them together;
    * with one breakpoint there are never more changes of the way;
    * with several there may be, as one change may pass two breakpoints: 1, 5, 7 with the breakpoints 2 and 4 changes
      once with a hysteresis of 0.1 (at 5, over both) and twice with 0.5 (at 5 over 2 only, at 7 over 4).
    """

    spans: tuple[Span, ...]
    hysteresis: float

    def choose(self, current: int | None, up: float) -> int:
        """The way to take at an uplink of `up` bits a second, when `current` is the way taken so far."""
        at = next((i for i, s in enumerate(self.spans) if s.way == current), None)
        if at is None:
            return next(s.way for s in reversed(self.spans) if s.low <= up)
        wider = 1 + self.hysteresis
        while up >= self.spans[at].high * wider:
            at += 1
        while up < self.spans[at].low / wider:
            at -= 1
        return self.spans[at].way


def policy_of(spans: Sequence[Span], hysteresis: float = 0.1) -> Policy:
    """A policy of spans in ascending order; neighbours with the same way become one.

    Raises `ValueError` for spans that leave a hole or overlap, for a way in two places, and for a hysteresis below 0.
    """
    if not (isfinite(hysteresis) and hysteresis >= 0):
        raise ValueError(f"a hysteresis is 0 or more, not {hysteresis:g}")
    merged: list[Span] = []
    for span in spans:
        if not span.low < span.high:
            raise ValueError(f"a span ends above where it begins, not {span.low:g} to {span.high:g} bit/s")
        if merged and merged[-1].way == span.way and merged[-1].high == span.low:
            merged[-1] = Span(merged[-1].low, span.high, span.way)
        else:
            merged.append(span)
    if not merged or merged[0].low != 0 or merged[-1].high != inf:
        raise ValueError("the spans of a policy go from 0 to infinity")
    for below, above in pairwise(merged):
        if below.high != above.low:
            raise ValueError(f"a span ends at {below.high:g} bit/s, and the next begins at {above.low:g}")
    if len({s.way for s in merged}) < len(merged):
        raise ValueError("a way has two spans that are apart")
    return Policy(tuple(merged), hysteresis)
