"""What loss allows one TCP connection, beside what a network states."""

from __future__ import annotations

from math import inf

import pytest

from edgeplan.links.loss import loss_bound, loss_note, reno_bound
from edgeplan.links.network import find_network


def test_the_bound_is_that_of_a_window_that_halves_at_each_loss():
    # a window of 2n to n and back: 3 n^2 / 2 packets a cycle (n large) of n round trips, one of them lost
    n, rtt, segment = 1000, 0.1, 1000
    packets = sum(range(n, 2 * n))
    assert reno_bound(rtt, 1 / packets, segment) == pytest.approx(8 * segment * packets / (n * rtt), rel=1e-3)


def test_a_textbook_figure():
    # 1500-byte packets, 100 ms, 10 Gbit/s: "at most one congestion event every 5,000,000,000 packets" (RFC 3649)
    assert reno_bound(0.1, 2e-10, 1500) == pytest.approx(10e9, rel=0.05)


def test_no_loss_and_no_trip_bound_nothing():
    assert reno_bound(0.1, 0) == reno_bound(0, 0.1) == inf
    assert loss_bound(find_network("up=5,rtt=50")) is None
    assert loss_bound(find_network("up=5,rtt=50,loss=0")) is None


def test_the_bound_of_a_network_goes_with_its_round_trips():
    bound = loss_bound(find_network("up=5,rtt=20:50:100,loss=0.01"))
    assert bound is not None
    assert (bound.low, bound.likely, bound.high) == tuple(reno_bound(t, 0.01) for t in (0.1, 0.05, 0.02))


def test_a_note_is_made_where_one_connection_may_not_reach_the_bandwidth():
    assert loss_note(find_network("up=2,rtt=50,loss=0.01")) == ""
    assert loss_note(find_network("up=50,rtt=50")) == ""
    assert loss_note(find_network("up=50,rtt=50,loss=0.01")) == (
        "with 0.01 of the packets lost and 50 ms a trip, one TCP connection that takes loss for congestion carries at "
        "most about 2.86 Mbit/s (Mathis et al. 1997); the 50 Mbit/s up need several of them, or another congestion "
        "control"
    )
