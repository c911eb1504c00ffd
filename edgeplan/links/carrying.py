"""A trace made ready for questions: what the link does at a time, and when so many bits are through."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import inf
from operator import mul

from edgeplan.links.trace import Sample, Trace

__all__ = ["Carrying"]


class Carrying:
    """Answers about a trace in time logarithmic in its samples, by sums over all of them that are made once."""

    def __init__(self, trace: Trace) -> None:
        self._samples = trace.samples
        self._starts = [s.start for s in trace.samples]
        self._stops = [*self._starts[1:], trace.end]
        lengths = [stop - start for start, stop in zip(self._starts, self._stops, strict=True)]
        self._up, self._down = [s.up for s in trace.samples], [s.down for s in trace.samples]
        self._up_before = list(accumulate(map(mul, self._up, lengths), initial=0.0))
        self._down_before = list(accumulate(map(mul, self._down, lengths), initial=0.0))
        self._gaps = trace.gaps
        self._gap_stops = [stop for _, stop in trace.gaps]
        self._end = trace.end

    def at(self, time: float) -> Sample:
        """What holds at a time within the trace."""
        return self._samples[self._index(time)]

    def known_until(self, time: float) -> float:
        """Up to when nothing is missing from `time` on; before `time` where it lies in a gap or past the end."""
        gap = bisect_right(self._gap_stops, time)
        return self._gaps[gap][0] if gap < len(self._gaps) else self._end

    def up_done(self, begin: float, bits: float) -> float:
        """When bits sent up from `begin` on are through; infinity where the trace ends before."""
        return self._done(begin, bits, self._up, self._up_before)

    def down_done(self, begin: float, bits: float) -> float:
        """Likewise for bits sent down."""
        return self._done(begin, bits, self._down, self._down_before)

    def _index(self, time: float) -> int:
        return max(bisect_right(self._starts, time) - 1, 0)

    def _done(self, begin: float, bits: float, rates: Sequence[float], before: Sequence[float]) -> float:
        """When the area under the rates, from `begin` on, is `bits`; `before` has the area up to each sample."""
        if bits <= 0:
            return begin
        if begin >= self._end:
            return inf
        i = self._index(begin)
        if bits <= rates[i] * (self._stops[i] - begin):
            return begin + bits / rates[i]
        there = before[i] + rates[i] * (begin - self._starts[i]) + bits
        last = len(rates)
        if there > before[last]:
            return inf
        j = bisect_left(before, there, min(i + 2, last), last) - 1
        # a rate of 0 is met only where so few bits are lost in the sum's rounding
        return max(self._starts[j] + (there - before[j]) / (rates[j] or inf), begin)
