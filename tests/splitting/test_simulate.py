"""Requests over a trace, held against a walk through it second by second in exact fractions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeplan.cost.estimate import Estimate
from edgeplan.links.network import find_network
from edgeplan.links.trace import Sample, Trace, gilbert_elliott
from edgeplan.splitting.policy import Policy, Span, policy_of
from edgeplan.splitting.simulate import Simulated, best_way, simulate, simulate_ways
from edgeplan.splitting.way import NOTHING, Kind, Tensor, Way


def takes(seconds: float) -> Estimate:
    return Estimate(seconds, seconds, seconds, "")


def sent(size: int) -> tuple[Tensor, ...]:
    return (Tensor("t", "float32", (size // 4,), size, size),)


def a_way(kind: Kind, device: float, cloud: float = 0, up: int = 0, down: int = 0) -> Way:
    return Way(kind, takes(device), takes(cloud), sent(up) if up else (), sent(down) if down else ())


HERE = a_way("device", 0.5)
THERE = replace(a_way("cloud", 0, 0.05, 250_000, 25_000), device=NOTHING)
SPLIT = a_way("split", 0.2, 0.03, 50_000, 25_000)
WAYS = (HERE, SPLIT, THERE)


def steady(up: float, seconds: float = 10, down: float = 1e6, rtt: float = 0.1) -> Trace:
    return Trace((Sample(0, up, down, rtt),), seconds)


def steps(*ups: float, rtt: float = 0.0, length: float = 1) -> Trace:
    return Trace(tuple(Sample(i * length, up, up, rtt) for i, up in enumerate(ups)), len(ups) * length)


def walked(trace: Trace, begin: Fraction, bits: int, up: bool) -> Fraction | None:
    """When the bits are through, by a walk through the samples; None where the trace ends before."""
    stops = [*(s.start for s in trace.samples[1:]), trace.end]
    time, left = begin, Fraction(bits)
    if not bits:
        return begin
    for sample, stop in zip(trace.samples, map(Fraction, stops), strict=True):
        if stop <= time:
            continue
        rate = Fraction(sample.up if up else sample.down)
        if left <= rate * (stop - time):
            return time + left / rate
        left -= rate * (stop - time)
        time = stop
    return None


def plainly(trace: Trace, way: Way, start: Fraction, timeout: float | None, fallback: Way | None) -> float | None:
    """The seconds of a request: infinity where it is lost, None where the trace does not tell."""
    if way.kind == "device":
        return way.device.likely
    sending = start + Fraction(way.device.likely)
    if sending >= trace.end:
        return None
    rtt = next(s.rtt for s in reversed(trace.samples) if s.start <= sending)
    done = walked(trace, sending, 8 * way.up_bytes, True)
    if done is not None:
        done = walked(trace, done + Fraction(rtt) + Fraction(way.cloud.likely), 8 * way.down_bytes, False)
    if done is not None and done > trace.end:
        done = None
    given_up = None if timeout is None else sending + Fraction(timeout)
    if done is not None and (given_up is None or done <= given_up):
        return float(done - start)
    if given_up is None or given_up > trace.end:
        return None
    return inf if fallback is None else float(given_up - start) + fallback.device.likely


def plain_mean(run: Simulated, ends: Sequence[float | None]) -> None:
    """Holds a run against the ends of its requests."""
    told = sorted(e for e in ends if e is not None)
    ended = [e for e in told if e < inf]
    assert (run.requests, run.untold, run.lost) == (len(told), len(ends) - len(told), len(told) - len(ended))
    assert run.mean == (pytest.approx(sum(ended) / len(ended)) if ended else None)
    for figure, part in ((run.p50, 50), (run.p95, 95), (run.p99, 99), (run.worst, 100)):
        at = told[next(i for i in range(len(told)) if 100 * (i + 1) >= part * len(told))] if told else inf
        assert figure == (None if at == inf else pytest.approx(at))


quarters = st.integers(1, 16).map(lambda n: n / 4)
rates = st.sampled_from([0.0, 64.0, 1000.0, 4096.0, 1e5])


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    lengths = draw(st.lists(quarters, min_size=1, max_size=12))
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    samples = tuple(Sample(s, draw(rates), draw(rates), draw(quarters) / 8) for s in starts)
    return Trace(samples, sum(lengths))


@st.composite
def some_ways(draw: st.DrawFn) -> tuple[Way, ...]:
    size = st.sampled_from([0, 1, 64, 500, 4096])
    split = [a_way("split", draw(quarters) / 4, draw(quarters) / 8, draw(size), draw(size)) for _ in range(2)]
    return (a_way("device", draw(quarters)), *split, a_way("cloud", 0, draw(quarters) / 8, draw(size), draw(size)))


@settings(max_examples=150, deadline=None)
@given(traces(), some_ways(), quarters, st.one_of(st.none(), quarters), st.booleans())
def test_every_request_takes_what_a_walk_through_the_trace_says(
    trace: Trace, ways: tuple[Way, ...], every: float, timeout: float | None, falls_back: bool
):
    fallback = ways[0] if falls_back else None
    starts = [Fraction(every) * i for i in range(1000) if every * i < trace.end]
    for i, way in enumerate(ways):
        run = simulate(trace, ways, i, every=every, timeout=timeout, fallback=fallback)
        plain_mean(run, [plainly(trace, way, s, timeout, fallback) for s in starts])
        assert (run.switches, run.shares[i], run.way, run.by) == (0, 1, i, "fixed")


@settings(max_examples=60, deadline=None)
@given(traces(), some_ways(), quarters, st.one_of(st.none(), quarters))
def test_hindsight_is_never_beaten(trace: Trace, ways: tuple[Way, ...], every: float, timeout: float | None):
    starts = [Fraction(every) * i for i in range(1000) if every * i < trace.end]
    ends = [[plainly(trace, w, s, timeout, ways[0]) for w in ways] for s in starts]
    best = simulate(trace, ways, "hindsight", every=every, timeout=timeout, fallback=ways[0])
    sure = [
        min(told) if len(told) == len(e) or s + Fraction(min(told)) <= trace.end else None
        for s, e in zip(starts, ends, strict=True)
        for told in [[x for x in e if x is not None]]
    ]
    plain_mean(best, sure)


def test_over_a_steady_link_a_request_takes_what_the_way_says():
    for i, way in enumerate(WAYS):
        run = simulate(steady(4e6), WAYS, i, every=1)
        assert (run.p50, run.worst) == pytest.approx((way.seconds(4e6, 1e6, 0.1),) * 2)
        assert (run.requests, run.untold, run.fallbacks, run.lost, run.overlapping) == (10, 0, 0, 0, 0)


def test_a_transfer_goes_on_at_the_rate_of_each_moment():
    trace = steps(1e6, 0, 2e6, 1e6, 1e6, 1e6)  # 2 Mbit: 1 in the first second, none, the rest in half a second
    run = simulate(trace, (a_way("cloud", 0, 0, 250_000),), 0, every=6)
    assert run.worst == pytest.approx(2.5)


def test_the_round_trip_is_that_of_the_sending():
    trace = Trace((Sample(0, 1e6, 1e6, 0.5), Sample(1, 1e6, 1e6, 0.25), Sample(2, 1e6, 1e6, 9.0)), 5)
    run = simulate(trace, (a_way("split", 1.0, 0.0, 125_000),), 0, every=5)
    assert run.worst == pytest.approx(1 + 1 + 0.25)


def test_over_a_dead_link_the_device_runs_everything_and_nothing_is_lost():
    run = simulate(steady(0), WAYS, 1, every=1, timeout=2, fallback=HERE)
    assert (run.fallbacks, run.lost, run.untold) == (8, 0, 2)  # two meet their timeout after the trace
    assert run.mean == run.p99 == pytest.approx(0.2 + 2 + 0.5)


def test_without_a_fallback_what_meets_the_timeout_is_lost():
    run = simulate(steps(8e6, 8e6, 8e6, 0, 0, 0), WAYS, 2, every=1, timeout=1)
    assert (run.requests, run.lost, run.fallbacks, run.untold) == (6, 3, 0, 0)
    assert (run.mean, run.p50) == pytest.approx((0.25 + 0.05 + 0.025,) * 2)
    assert run.p95 is run.p99 is run.worst is None


def test_without_a_timeout_a_request_waits_for_the_link():
    run = simulate(steps(0, 0, 8e6, 8e6), WAYS, 2, every=4)
    assert run.worst == pytest.approx(2 + 0.325)


def test_an_answer_at_the_timeout_is_an_answer():
    way = a_way("cloud", 0, 0.25, 125_000)
    assert simulate(steady(1e6, rtt=0.25), (way,), 0, every=9, timeout=1.5).worst == 1.5
    assert simulate(steady(1e6, rtt=0.25), (way,), 0, every=9, timeout=1.25).lost == 1


def test_what_the_trace_does_not_tell_is_not_counted():
    run = simulate(steps(8e6, 8e6, 0, 0), WAYS, 2, every=0.5)
    assert (run.requests, run.untold) == (4, 4)
    alone = simulate(steps(8e6, 8e6, 0, 0), WAYS, 0, every=0.5)
    assert (alone.requests, alone.untold) == (8, 0)  # the device needs no link


def test_nobody_knows_what_happened_in_a_gap():
    trace = replace(steady(8e6), gaps=((3.0, 5.0),))
    assert simulate(trace, WAYS, 0, every=1).untold == 0
    # 0.6 s each: what starts at 2.5 runs into it, 3 to 4.5 start in it, 9.5 ends after the trace
    assert simulate(trace, WAYS, 2, every=0.5).untold == 6
    assert simulate(trace, WAYS, "hindsight", every=0.5).untold == 4  # the device ends in time for the others
    policy = simulate(trace, WAYS, policy_of([Span(0, inf, 2)]), every=0.5)
    assert (policy.untold, policy.shares) == (6, (0, 0, 1))


def test_requests_that_overlap_are_told():
    assert simulate(steady(4e6), WAYS, 0, every=0.5).overlapping == 0
    assert simulate(steady(4e6), WAYS, 0, every=0.4).overlapping == 24  # all but the first


def best_spans(ways: Sequence[Way], down: float, rtt: float) -> list[Span]:
    """The way that is the fastest at each uplink: brute force over the places where two are as fast."""
    meets = {0.0}
    for one in ways:
        for other in ways:
            bits = 8 * (one.up_bytes - other.up_bytes)
            fixed = other.seconds(inf, down, rtt) - one.seconds(inf, down, rtt)
            if bits > 0 and fixed > 0:
                meets.add(bits / fixed)
    spans = []
    for low, high in pairwise([*sorted(meets), inf]):
        middle = 2 * low + 1 if high == inf else (low + high) / 2
        spans.append(Span(low, high, min(range(len(ways)), key=lambda i: ways[i].seconds(middle, down, rtt))))
    return spans


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 10_000).map(float), min_size=1, max_size=30), st.floats(0.0, 1.0))
def test_without_hysteresis_a_policy_takes_the_best_way_of_each_bandwidth(ups: list[float], hysteresis: float):
    # each bandwidth lasts long enough for its request to end
    trace = Trace(tuple(Sample(1e4 * i, 1e3 * up, 1e6, 0.1) for i, up in enumerate(ups)), 1e4 * len(ups))
    spans = best_spans(WAYS, 1e6, 0.1)
    run = simulate(trace, WAYS, policy_of(spans, 0), every=1e4)
    best = simulate(trace, WAYS, "hindsight", every=1e4)
    assert run.mean == pytest.approx(best.mean)
    assert run.worst == pytest.approx(best.worst)
    hesitant = simulate(trace, WAYS, policy_of(spans, hysteresis), every=1e4)
    assert hesitant.mean >= run.mean * (1 - 1e-9)


def patchy(seed: int = 1, seconds: float = 600) -> Trace:
    return gilbert_elliott(find_network("up=8,down=40,rtt=50"), good=3, bad=1, seconds=seconds, seed=seed)


def a_policy(hysteresis: float = 0.1) -> Policy:
    return policy_of([Span(0, 1.5e6, 0), Span(1.5e6, 6.4e6, 1), Span(6.4e6, inf, 2)], hysteresis)


def test_a_policy_beats_every_fixed_way_on_a_link_that_comes_and_goes():
    *fixed, policy, hindsight = simulate_ways(patchy(), WAYS, a_policy(), every=0.5, timeout=1, fallback=HERE)
    assert [r.way for r in fixed] == [0, 1, 2]
    assert (policy.by, hindsight.by) == ("policy", "hindsight")
    assert hindsight.mean <= policy.mean < min(r.mean for r in fixed)
    assert policy.switches > 0
    assert policy.lost == 0
    assert sum(policy.shares) == pytest.approx(1)
    assert policy.shares[0] == pytest.approx(patchy().outage, abs=0.05)


def test_a_run_is_the_same_twice():
    assert simulate_ways(patchy(), WAYS, a_policy(), every=0.3, timeout=1) == simulate_ways(
        patchy(), WAYS, a_policy(), every=0.3, timeout=1
    )


def test_a_window_smooths_what_the_policy_sees():
    trace = steps(*[8e6, 2e6] * 20)
    assert simulate(trace, WAYS, a_policy(0), every=1).switches == 39
    # the harmonic mean of both is 3.2 Mbit/s: one change, from the first request alone
    assert simulate(trace, WAYS, a_policy(0), every=1, window=2).switches == 1
    assert simulate(steps(*[8e6, 0] * 20), WAYS, a_policy(0), every=1, window=2).shares[0] == pytest.approx(39 / 40)


def test_the_best_way_on_average_is_not_the_best_at_the_95th_percentile():
    runs = simulate_ways(patchy(), WAYS, None, every=0.5, timeout=2, fallback=HERE)
    assert [r.by for r in runs] == ["fixed", "fixed", "fixed", "hindsight"]
    assert best_way(runs, "p95") == 0
    seldom = gilbert_elliott(find_network("up=8,down=40,rtt=50"), good=30, bad=2, seconds=600, seed=1)
    runs = simulate_ways(seldom, WAYS, None, every=0.5, timeout=1, fallback=HERE)
    assert (best_way(runs, "mean"), best_way(runs, "p95")) == (1, 0)


def test_a_way_that_loses_requests_is_not_the_best():
    runs = simulate_ways(patchy(), (replace(HERE, device=takes(9)), SPLIT), None, every=0.5, timeout=1)
    assert runs[1].lost > 0
    assert (best_way(runs, "mean"), best_way(runs, "p95")) == (0, 0)
    assert best_way((), "mean") is None


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"every": 0}, "every is above 0, not 0"),
        ({"every": float("nan")}, "every is above 0, not nan"),
        ({"every": 1, "timeout": -1}, "timeout is above 0, not -1"),
        ({"every": 1, "window": 0}, "window is above 0, not 0"),
        ({"every": 1e-6}, "over 1,000,000 requests"),
        ({"every": 1, "fallback": SPLIT}, "a fallback runs on the device alone"),
    ],
)
def test_runs_that_make_no_sense(told: dict[str, float], said: str):
    with pytest.raises(ValueError, match=said):
        simulate(steady(1e6), WAYS, 0, **told)


@pytest.mark.parametrize("by", [3, -1, policy_of([Span(0, 1, 0), Span(1, inf, 5)])])
def test_ways_that_are_not_there(by: int | Policy):
    with pytest.raises(ValueError, match=r"of 3 ways there is no number (3|-1|5)"):
        simulate(steady(1e6), WAYS, by, every=1)
    with pytest.raises(ValueError, match="of 0 ways there is no number 0"):
        simulate(steady(1e6), (), "hindsight", every=1)
