"""How a matrix of devices and networks reads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from edgeplan.report.split_fleet import render_fleet
from edgeplan.splitting.fleet import Fleet
from tests.report.split_cases import CLOUD, DEVICE, LINK, choice, plan


@pytest.fixture
def fleet() -> Fleet:
    """Two devices over three networks: each outcome once."""
    other = replace(plan().device, title="Toy Tablet, Toy (1)")
    fast, unknown = replace(LINK, id="wifi", title="WiFi"), replace(LINK, id="3g", title="3G")
    no_time = (choice(DEVICE, latency=None, why="no round trip is known"), choice(CLOUD, latency=None, why="no trip"))
    refused = tuple(choice(w, refused="it does not fit") for w in (DEVICE, CLOUD))
    one = (plan(), plan(best=1, network=fast), plan(choices=no_time, best=0, network=unknown))
    two = (
        plan(best=0, rivals=(1,)),
        plan(network=fast, objective="cost"),
        plan(choices=refused, best=0, network=unknown),
    )
    return Fleet((one, tuple(replace(p, device=other) for p in two)))


def test_the_matrix_reads_as_kept(fleet: Fleet, snapshot: SnapshotAssertion) -> None:
    assert render_fleet(fleet, width=100) == snapshot


def test_a_narrow_terminal_gets_a_line_for_each_pair(fleet: Fleet, snapshot: SnapshotAssertion) -> None:
    assert render_fleet(fleet, width=60) == snapshot


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_keep_to_the_width(fleet: Fleet, width: int) -> None:
    text = render_fleet(fleet, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text


def test_a_cell_has_what_is_expected_with_outages(fleet: Fleet) -> None:
    ways = (choice(DEVICE), choice(CLOUD, expected=7.5))
    assert "7.50 s" in render_fleet(Fleet(((plan(choices=ways, best=1),),)), width=100)
    assert "not allowed" in render_fleet(
        Fleet(((plan(choices=(ways[0], choice(CLOUD, refused="no")), best=1),),)), width=100
    )
