"""What a planned way takes, beside the sums that it was found by."""

from dataclasses import replace

import numpy as np
import pytest

from edgeplan.links.encoding import find_encoding
from edgeplan.links.network import Rate, find_network
from edgeplan.splitting.choosing import choice_of, kind_of, line_as_planned, together
from edgeplan.splitting.cloud import find_cloud
from edgeplan.splitting.question import Question
from edgeplan.splitting.setting import Setting, setting_of
from edgeplan.splitting.side import Side, side_of
from edgeplan.splitting.way import NOTHING, Estimate
from edgeplan.splitting.wiring import wiring_of
from edgeplan.target import resolve
from tests.splitting.models import HEAVY, graph_of


@pytest.fixture(scope="module")
def sides() -> tuple[Side, Side]:
    wiring = wiring_of(graph_of(HEAVY))
    return side_of(wiring, resolve("jetson-orin-nano")), side_of(wiring, resolve("jetson-agx-orin-64gb"), cloud=True)


def setting(sides: tuple[Side, Side], **asked: object) -> Setting:
    network, at = find_network("up=2,down=20,rtt=2,radio=lte-2012"), find_cloud("jetson-agx-orin-64gb")
    at = replace(at, queue=Rate(0.0, 0.004, 0.02), price_per_hour=1.0)
    question = Question(**asked)  # type: ignore[arg-type]
    assert network.rtt is not None
    return setting_of(*sides, at, network, network.rtt, find_encoding(question.encoding), question)


@pytest.mark.parametrize("encoding", ["raw", "fp16", "uint8+zlib"])
@pytest.mark.parametrize("result", ["device", "cloud"])
@pytest.mark.parametrize("ops", [0, 4, 13])
def test_the_sums_are_those_of_the_plan_but_for_what_a_cut_does_to_kernels(
    sides: tuple[Side, Side], ops: int, result: str, encoding: str
) -> None:
    """The ends are the plans of the whole model: nothing is between them and the sums."""
    made = setting(sides, result=result, encoding=encoding)
    mask = np.arange(len(made.wiring.ops)) < min(ops, len(made.wiring.ops))
    choice = choice_of(made, mask)
    close = 0.5 if 0 < ops < len(made.wiring.ops) else 0.01
    assert choice.latency is not None
    assert choice.energy is not None
    assert choice.cost is not None
    bills = (made.latency, made.energy, made.cost)
    planned = (choice.latency.likely, choice.energy.likely, choice.cost.likely)
    for bill, figure in zip(bills, planned, strict=True):
        assert not isinstance(bill, str)
        assert made.total(bill, mask) == pytest.approx(figure, rel=close)
    assert line_as_planned(made, choice.way, mask).at(made.x) == pytest.approx(choice.latency.likely)


def test_waiting_in_line_is_for_those_whom_the_cloud_serves(sides: tuple[Side, Side]) -> None:
    made = setting(sides, result="cloud")
    whole = choice_of(made, np.ones(len(made.wiring.ops), bool))
    assert whole.way.offloads
    assert whole.way.cloud == NOTHING
    served = choice_of(made, np.zeros(len(made.wiring.ops), bool))
    assert served.way.cloud.likely > 0.004


def test_a_view_alone_takes_no_energy_on_the_device_though_it_is_encoded() -> None:
    text = """
        <ir_version: 8, opset_import: ["": 18]>
        g (float[1, 4096] x) => (float[64, 8] z) <int64[2] ws = {64, 8}, int64[2] ss = {64, 64}> {
            w = ConstantOfShape <value = float {0.1}> (ws)
            [view] y = Reshape (x, ss)
            [product] z = MatMul (y, w)
        }
    """
    wiring = wiring_of(graph_of(text))
    sides = side_of(wiring, resolve("jetson-orin-nano")), side_of(wiring, resolve("jetson-agx-orin-64gb"), cloud=True)
    choice = choice_of(setting(sides, encoding="fp16"), sides[0].mask(["view"]))
    assert choice.way.kind == "split"
    assert choice.way.device.likely > 0
    assert choice.energy is not None


def test_kinds_and_sums() -> None:
    assert [kind_of(np.array(m)) for m in ([True, True], [True, False], [False, False])] == ["device", "split", "cloud"]
    found = together([Estimate(1, 4, 7, ""), Estimate(2, 6, 10, "")], "")
    assert (found.low, found.likely, found.high) == (5, 10, 15)
