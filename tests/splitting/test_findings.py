from dataclasses import replace

import numpy as np
import pytest

from edgeplan.finding import Finding
from edgeplan.links.network import find_network
from edgeplan.splitting.cloud import Cloud, find_cloud
from edgeplan.splitting.plan import plan_split
from edgeplan.splitting.question import Question, SplitError
from edgeplan.splitting.side import Side, side_of
from edgeplan.splitting.wiring import wiring_of
from edgeplan.target import resolve
from tests.splitting.models import HEAVY, graph_of

Ends = tuple[Side, Side, Cloud]


@pytest.fixture(scope="module")
def ends() -> Ends:
    wiring, at = wiring_of(graph_of(HEAVY)), find_cloud("jetson-agx-orin-64gb")
    return side_of(wiring, resolve("pixel3", use=("xnnpack",))), side_of(wiring, at.target, cloud=True), at


def told(ends: Ends, network: str = "up=20,down=20,rtt=2", **asked: object) -> dict[str, Finding]:
    plan = plan_split(*ends, find_network(network), Question(**asked))  # type: ignore[arg-type]
    return {f.code: f for f in plan.findings}


def test_a_budget_counts_the_outages(ends: Ends) -> None:
    network = find_network("up=20,down=20,rtt=2")
    steady = plan_split(*ends, network, Question()).chosen.latency
    assert steady is not None
    budget = steady.likely * 1.2
    assert "EP301" not in told(ends, latency=budget)
    found = told(ends, latency=budget, outage=0.3, timeout=1.0)["EP301"].message
    assert found.startswith("no allowed way keeps the latency budget")
    assert "with outages" in found
    assert "as asked, does not keep" in told(ends, latency=budget, way="device")["EP301"].message


def test_ops_that_one_side_cannot_run(ends: Ends) -> None:
    device, cloud, at = ends
    one, two = device.mask(["huge"]), cloud.mask(["stem", "b"])
    found = told((replace(device, refused=one), replace(cloud, unknown=two), at))
    assert found["EP703"].message == f"only the cloud can run this op: {device.target.title} has no unit for it"
    assert found["EP703"].ops == ("huge",)
    assert "only the device can run these 2 ops" in found["EP704"].message
    assert "EP705" in found  # nothing runs while the link is down


def test_what_has_no_size_or_no_time_is_named(ends: Ends) -> None:
    text = """
        <ir_version: 8, opset_import: ["": 18]>
        g (float[1, 64, 32, 32] x) => (float[4, n] z) <int64[4] ws = {64, 64, 3, 3}> {
            w = ConstantOfShape <value = float {0.1}> (ws)
            [conv] y = Conv <pads = [1, 1, 1, 1]> (x, w)
            [where] i = NonZero (y)
            [cast] z = Cast <to = 1> (i)
        }
    """
    wiring, at = wiring_of(graph_of(text)), ends[2]
    found = told((side_of(wiring, resolve("pixel6")), side_of(wiring, at.target, cloud=True), at))
    assert "where" in found["EP709"].ops
    assert found["EP707"].ops == ("i",)


def test_no_split_where_no_time_is_known_is_said() -> None:
    wiring, at = wiring_of(graph_of(HEAVY)), find_cloud("jetson-agx-orin-64gb")
    device = side_of(wiring, resolve("pixel10"))
    assert device.why
    every = np.ones(len(wiring.ops), bool)
    with pytest.raises(SplitError, match="no split of this model leaves"):
        told((replace(device, refused=every), side_of(wiring, at.target, cloud=True), at), way="split")
