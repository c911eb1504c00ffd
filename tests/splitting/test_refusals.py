from dataclasses import replace

import numpy as np
import pytest

from edgeplan.links.encoding import find_encoding
from edgeplan.links.network import find_network
from edgeplan.splitting.cloud import find_cloud
from edgeplan.splitting.question import Question
from edgeplan.splitting.refusals import memory_limit, refused
from edgeplan.splitting.setting import Setting, setting_of
from edgeplan.splitting.side import side_of
from edgeplan.splitting.wiring import wiring_of
from edgeplan.target import Budget, resolve
from tests.splitting.models import HEAVY, graph_of

GIB = 1 << 30


def setting(budget: Budget | None = None, **asked: object) -> Setting:
    wiring, at, network = wiring_of(graph_of(HEAVY)), find_cloud("jetson-agx-orin-64gb"), find_network("up=2,rtt=2")
    target = resolve("pixel3")
    device = side_of(wiring, replace(target, budget=budget) if budget is not None else target)
    cloud = side_of(wiring, at.target, cloud=True)
    assert network.rtt is not None
    return setting_of(device, cloud, at, network, network.rtt, find_encoding("raw"), Question(**asked))  # type: ignore


@pytest.mark.parametrize(
    ("budget", "asked", "limit"),
    [
        (Budget(2 * GIB, None, 4 * GIB, "stated", ""), None, 2 * GIB),
        (Budget(2 * GIB, None, 4 * GIB, "assumed", ""), None, 4 * GIB),  # nobody's figure proves nothing
        (Budget(None, None, 4 * GIB, "", ""), None, 4 * GIB),
        (Budget(None, None, None, "", ""), None, None),
        (Budget(2 * GIB, None, 4 * GIB, "assumed", "", given=1), None, 1),
        (Budget(2 * GIB, None, 4 * GIB, "stated", "", given=1), GIB, GIB),
    ],
)
def test_memory_is_refused_where_analyze_finds_an_error(budget: Budget, asked: int | None, limit: int | None) -> None:
    assert memory_limit(setting(budget, memory=asked)) == limit


def test_each_reason_is_told() -> None:
    made = setting(keep_raw_input=True, memory=33 * 2**20)
    names = made.wiring.names(np.ones(len(made.wiring.ops), bool))

    def why(*device: str) -> str:
        return refused(made, made.device.mask(device))

    assert why("stem", "b", "small", "d") == ""
    assert why() == "the raw input may not leave the device: 'image'"
    assert why("stem", "small") == "the device would need what the cloud has made"
    assert why(*names).startswith("it needs")
    odd = replace(made, device=replace(made.device, refused=made.device.mask(["stem", "small"])))
    assert "has no unit for 'stem' and 1 more" in refused(odd, made.device.mask(names))
    unsized = replace(made, link=replace(made.link, sent=np.full(len(made.wiring.tensors), -1.0)))
    unsized = replace(unsized, problem=replace(made.problem, sendable=unsized.link.sent >= 0))
    assert "is not known before the model runs" in refused(unsized, made.device.mask(["stem", "b"]))
