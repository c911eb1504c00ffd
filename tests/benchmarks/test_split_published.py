"""What Neurosurgeon and DADS published, and what the solver makes of it: benchmarks/split/published.py."""

import numpy as np
import pytest

from benchmarks.split.published import PAGE, claim_row
from benchmarks.split.published_cases import DADS, NEUROSURGEON, case
from benchmarks.split.published_claims import CHECKS, Claim, claims, turns
from benchmarks.split.published_graph import claimed, draw, mended, published_cut, returned, stress
from edgeplan.splitting.mincut import Cutter
from edgeplan.splitting.problem import INPUT, Prices, cost_of, problem_of

OTHERWISE = {"best-at-18-mbps", "others-over-3g", "graph-of-resnet"}
"""What DADS says and its own figures, or its networks as floats, do not."""


@pytest.fixture(scope="module")
def found() -> dict[str, Claim]:
    return {c.key: c for c in claims()}


def test_what_is_published_holds_where_it_can_be_checked(found: dict[str, Claim]) -> None:
    assert {c.key for c in found.values() if c.verdict == "does not hold"} == OTHERWISE
    assert {c.key for c in found.values() if c.verdict != "cannot be checked"} == set(CHECKS)


def test_the_page_says_what_is_found(found: dict[str, Claim]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [c.key for c in found.values() if claim_row(c) not in page] == []


@pytest.mark.parametrize(
    ("name", "millions"),
    [("AlexNet", 724), ("VGG-16", 15_470), ("ResNet-18", 1_814), ("tiny YOLOv2", 1_671), ("NiN", 1_100)],
)
def test_the_networks_do_the_work_they_are_known_for(name: str, millions: int) -> None:
    assert round(sum(case(name).network.macs) / 1e6) == millions


def test_only_two_of_the_networks_branch() -> None:
    assert [n for n in (*NEUROSURGEON, *DADS) if not case(n).network.chain] == ["AlexNet, two towers", "ResNet-18"]


def test_where_cuts_turn() -> None:
    """Behind max5, as soon as its 9 x 9 x 256 floats are sent in less time than the cloud saves on the rest."""
    rate, after = turns(case("tiny YOLOv2"), 0.25, 2)[1]
    assert after == "max5"
    of = case("tiny YOLOv2")
    last = of.network.ops.index("max5") + 1
    saved = of.here[last:].sum() - of.there[last:].sum()
    assert rate == pytest.approx(8 * 9 * 9 * 256 * 4 / 2**20 / saved, rel=1e-6)


def test_the_published_graph_returns_to_the_device_for_nothing() -> None:
    """Two layers: the first is quick in the cloud, the second on the device."""
    problem = problem_of(2, [(INPUT, [0]), (0, [1])])
    prices = Prices(np.array([9.0, 1.0]), np.array([1.0, 9.0]), np.array([1.0, 5.0]))
    device = published_cut(problem, prices)
    assert device.tolist() == [False, True]
    assert returned(problem, device) == [(0, 1)]
    assert cost_of(problem, prices, device) == np.inf
    assert claimed(problem, prices, device) == 3
    assert mended(problem, prices, device) == Cutter(problem).cut(prices).cost == 10


def test_more_than_half_of_its_cuts_cannot_be_run() -> None:
    made = stress(300)
    assert 0.5 < made.invalid / made.tries < 0.65
    for seed in range(100):
        one = draw(seed)
        device, best = published_cut(one.problem, one.prices), Cutter(one.problem).cut(one.prices)
        assert returned(one.problem, best.device) == []
        if not returned(one.problem, device):
            assert claimed(one.problem, one.prices, device) == pytest.approx(best.cost, rel=1e-6)
        else:
            assert claimed(one.problem, one.prices, device) <= best.cost * (1 + 1e-6)
