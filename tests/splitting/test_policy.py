"""Which way at which bandwidth: tables, hysteresis, and what more of it changes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeplan.splitting.policy import Policy, Span, policy_of


def table(*breakpoints: float, hysteresis: float = 0.0) -> Policy:
    """Ways 0, 1, ... from the lowest bandwidth on."""
    ends = (0.0, *breakpoints, inf)
    return policy_of([Span(low, high, i) for i, (low, high) in enumerate(pairwise(ends))], hysteresis)


def taken(policy: Policy, bandwidths: Sequence[float]) -> list[int]:
    current, found = None, []
    for up in bandwidths:
        current = policy.choose(current, up)
        found.append(current)
    return found


def switches(ways: Sequence[int]) -> int:
    return sum(one != other for one, other in pairwise(ways))


def passes(ways: Sequence[int], breakpoint_: int) -> int:
    """How often the breakpoint between the ways n and n + 1 was passed."""
    return sum((one <= breakpoint_) != (other <= breakpoint_) for one, other in pairwise(ways))


rates = st.one_of(st.just(0.0), st.floats(0.01, 100))
bandwidths = st.lists(rates, min_size=1, max_size=60)
ends = st.lists(st.floats(0.1, 90), min_size=1, max_size=4, unique=True).map(sorted)


def test_a_breakpoint_belongs_to_the_way_above():
    assert taken(table(2, 4), [0, 1.99, 2, 3.99, 4, 1e12]) == [0, 0, 1, 1, 2, 2]


def test_a_way_is_kept_until_the_bandwidth_is_well_past_the_breakpoint():
    policy = table(10, hysteresis=0.25)
    assert taken(policy, [9, 12.4, 12.5, 8.1, 8, 7.9, 12]) == [0, 0, 1, 1, 1, 0, 0]
    assert taken(policy, [11]) == [1]  # the first has nothing to keep


def test_more_than_one_breakpoint_is_passed_at_once_where_it_is_well_past_all():
    policy = table(10, 20, hysteresis=0.25)
    assert taken(policy, [1, 100, 1]) == [0, 2, 0]
    assert taken(policy, [1, 22]) == [0, 1]  # above both, well above the first alone
    assert taken(policy, [100, 9]) == [2, 1]  # likewise down


def test_an_unknown_current_way_is_as_none():
    assert table(10, hysteresis=1.0).choose(7, 11) == 1


@given(ends, bandwidths)
def test_without_hysteresis_the_way_is_the_tables(breakpoints: list[float], ups: list[float]):
    policy = table(*breakpoints)
    assert taken(policy, ups) == [sum(b <= up for b in breakpoints) for up in ups]


@given(ends, bandwidths, st.floats(0, 2), st.floats(0, 2))
def test_with_more_hysteresis_no_breakpoint_is_passed_more_often(
    breakpoints: list[float], ups: list[float], one: float, other: float
):
    less, more = (taken(table(*breakpoints, hysteresis=h), ups) for h in sorted((one, other)))
    assert all(passes(more, i) <= passes(less, i) for i in range(len(breakpoints)))
    if len(breakpoints) == 1:
        assert switches(more) <= switches(less)


def test_with_more_hysteresis_two_breakpoints_may_be_passed_one_after_the_other():
    ups = [1, 5, 7]
    assert taken(table(2, 4, hysteresis=0.1), ups) == [0, 2, 2]
    assert taken(table(2, 4, hysteresis=0.5), ups) == [0, 1, 2]


@given(ends, bandwidths, st.floats(0, 2))
def test_the_bandwidth_is_never_far_from_what_the_way_is_for(breakpoints: list[float], ups: list[float], h: float):
    policy = table(*breakpoints, hysteresis=h)
    for way, up in zip(taken(policy, ups), ups, strict=True):
        span = policy.spans[way]
        assert span.low / (1 + h) <= up < span.high * (1 + h)


def test_neighbours_with_one_way_become_one_span():
    assert policy_of([Span(0, 1, 3), Span(1, 2, 3), Span(2, inf, 0)]).spans == (Span(0, 2, 3), Span(2, inf, 0))


@pytest.mark.parametrize(
    ("spans", "hysteresis", "said"),
    [
        ([], 0.1, "go from 0 to infinity"),
        ([Span(1, inf, 0)], 0.1, "go from 0 to infinity"),
        ([Span(0, 5, 0)], 0.1, "go from 0 to infinity"),
        ([Span(0, 1, 0), Span(2, inf, 1)], 0.1, "a span ends at 1 bit/s, and the next begins at 2"),
        ([Span(0, 3, 0), Span(2, inf, 1)], 0.1, "a span ends at 3 bit/s, and the next begins at 2"),
        ([Span(0, 0, 0), Span(0, inf, 1)], 0.1, "a span ends above where it begins, not 0 to 0"),
        ([Span(0, 1, 0), Span(1, 2, 1), Span(2, inf, 0)], 0.1, "a way has two spans that are apart"),
        ([Span(0, inf, 0)], -0.1, "a hysteresis is 0 or more, not -0.1"),
        ([Span(0, inf, 0)], float("nan"), "a hysteresis is 0 or more, not nan"),
    ],
)
def test_what_is_no_policy(spans: list[Span], hysteresis: float, said: str):
    with pytest.raises(ValueError, match=said):
        policy_of(spans, hysteresis)
