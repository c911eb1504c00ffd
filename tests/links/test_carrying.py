"""When bits are through: the ends of samples, of traces and of what floats can tell apart."""

from __future__ import annotations

from math import inf

from edgeplan.links.carrying import Carrying
from edgeplan.links.trace import Sample, Trace


def link(*rates: float, length: float = 1.0) -> Carrying:
    samples = tuple(Sample(i * length, up, 2 * up, 0.1) for i, up in enumerate(rates))
    return Carrying(Trace(samples, len(rates) * length))


def test_a_sample_holds_from_its_start_on():
    assert [link(1, 2).at(t).up for t in (0, 0.99, 1, 1.5)] == [1, 1, 2, 2]


def test_bits_that_fill_a_sample_are_through_at_its_end():
    assert link(8, 0, 8).up_done(0, 8) == 1  # not when the link is back
    assert link(8, 0, 8).up_done(0.5, 4) == 1
    assert link(8, 0, 8).up_done(0.5, 8) == 2.5
    assert link(8, 0, 8).down_done(0, 16) == 1


def test_the_trace_ends():
    assert link(8, 0, 8).up_done(0, 16) == 3
    assert link(8, 0, 8).up_done(0, 17) == inf
    assert link(8, 0).up_done(1, 1) == inf
    assert link(8).up_done(1, 1) == link(8).up_done(7, 1) == inf
    assert link(8).up_done(7, 0) == 7


def test_bits_that_vanish_in_the_sum_of_a_long_trace_take_no_time_back():
    long = link(1e12, 0, 1e12, length=1e6)
    assert 1.5e6 <= long.up_done(1.5e6, 8) <= 2.1e6
    assert long.up_done(2.5e6, 8) == 2.5e6 + 8 / 1e12
