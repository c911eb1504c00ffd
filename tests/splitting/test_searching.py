from dataclasses import replace

import numpy as np
import pytest

from edgeplan.links.encoding import find_encoding
from edgeplan.links.network import find_network
from edgeplan.splitting.cloud import find_cloud
from edgeplan.splitting.question import Question
from edgeplan.splitting.searching import search
from edgeplan.splitting.setting import Setting, setting_of
from edgeplan.splitting.side import Side, side_of
from edgeplan.splitting.wiring import wiring_of
from edgeplan.target import resolve
from tests.splitting.drawn import splits
from tests.splitting.models import HEAVY, graph_of


@pytest.fixture(scope="module")
def sides() -> tuple[Side, Side]:
    wiring = wiring_of(graph_of(HEAVY))
    cloud = side_of(wiring, find_cloud("jetson-agx-orin-64gb").target, cloud=True)
    return side_of(wiring, resolve("pixel3", use=("xnnpack",))), cloud


def setting(sides: tuple[Side, Side], up: float, **asked: object) -> Setting:
    network = find_network(f"up={up},down=20,rtt=2")
    assert network.rtt is not None
    at, question = find_cloud("jetson-agx-orin-64gb"), Question(**asked)  # type: ignore[arg-type]
    return setting_of(*sides, at, network, network.rtt, find_encoding("raw"), question)


@pytest.mark.parametrize("up", [0.05, 1, 20, 1000])
def test_what_is_found_is_proper_and_no_dearer_than_another_block_split(sides: tuple[Side, Side], up: float) -> None:
    made = setting(sides, up)
    found = search(made, made.latency)
    totals = [made.total(made.latency, m) for m in found.splits]
    assert totals == sorted(totals)
    assert all(m.any() and not m.all() for m in found.splits)
    assert len({m.tobytes() for m in found.splits}) == len(found.splits)
    proper = [m for m in splits(made) if m.any() and not m.all()]
    joined = [m for m in proper if all(len(set(m[made.block == b].tolist())) == 1 for b in set(made.block.tolist()))]
    assert totals[0] == pytest.approx(min(made.total(made.latency, m) for m in joined))  # a chain: prefixes are all


def test_a_budget_of_memory_is_kept_and_said(sides: tuple[Side, Side]) -> None:
    made = setting(sides, 1, memory=3 * 2**20)
    found = search(made, made.latency)
    assert found.splits
    assert all(made.device.plan_of(m).memory.peak.likely <= 3 * 2**20 for m in found.splits)
    assert "fits the device's memory" in found.certified
    none = search(setting(sides, 1, memory=1, keep_raw_input=True), made.latency)
    assert none.splits == ()
    assert none.certified.startswith("no cut of the ")


def test_a_conflict_names_both_ends(sides: tuple[Side, Side]) -> None:
    device, cloud = sides
    stem = device.mask(["stem"])
    made = setting((replace(device, refused=stem), cloud), 1, keep_raw_input=True)
    found = search(made, made.latency)
    assert found.splits == ()
    assert found.certified == "only the cloud is known to run 'stem', and 'image', which that reads, is not sent"
    late = setting((replace(device, refused=device.mask(["small"])), cloud), 1, private_until="wide")
    assert search(late, late.latency).certified.startswith("'small' has to be in the cloud, and with it 'stem', which")
    lost = setting((replace(device, refused=stem), replace(cloud, refused=stem)), 1)
    assert search(lost, lost.latency).certified == "neither side is known to run 'stem'"


def test_a_latency_budget_puts_the_faster_first(sides: tuple[Side, Side]) -> None:
    device, cloud = sides
    made = setting((device, cloud), 20)
    fast = search(made, made.latency).splits[0]
    budget = made.total(made.latency, fast) * 1.0001
    priced = replace(made, at=replace(made.at, price_per_hour=1.0), question=Question(objective="cost", latency=budget))
    bill = priced.cost
    assert not isinstance(bill, str)
    (first, *_) = search(priced, bill).splits
    assert priced.total(priced.latency, first) <= budget
    free = replace(priced, question=Question(objective="cost"))
    (cheap, *_) = search(free, bill).splits
    assert priced.total(bill, cheap) <= priced.total(bill, first)
    assert np.isfinite(priced.total(bill, cheap))
