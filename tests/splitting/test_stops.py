import numpy as np
import pytest

from edgeplan.links.encoding import find_encoding
from edgeplan.links.network import find_network
from edgeplan.splitting.cloud import find_cloud
from edgeplan.splitting.question import Question
from edgeplan.splitting.setting import Setting, setting_of
from edgeplan.splitting.side import side_of
from edgeplan.splitting.stops import stops_of
from edgeplan.splitting.wiring import wiring_of
from edgeplan.target import resolve
from tests.splitting.models import HEAVY, graph_of


def setting(result: str = "device") -> Setting:
    wiring, at = wiring_of(graph_of(HEAVY)), find_cloud("jetson-agx-orin-64gb")
    network = find_network("up=20,down=20,rtt=2")
    sides = side_of(wiring, resolve("pixel3")), side_of(wiring, at.target, cloud=True)
    return setting_of(*sides, at, network, network.rtt, find_encoding("raw"), Question(result=result))  # type: ignore


@pytest.mark.parametrize("result", ["device", "cloud"])
def test_a_stop_takes_what_the_split_there_takes(result: str) -> None:
    made = setting(result)
    names = made.wiring.names(np.ones(len(made.wiring.ops), bool))
    stops = stops_of(made)
    assert (stops[0].op, stops[0].ops) == ("", 0)
    assert stops[-1].ops == len(names)
    for stop in stops:
        mask = np.arange(len(names)) < stop.ops
        assert stop.seconds == pytest.approx(made.total(made.latency, mask))
        assert stop.op == (names[stop.ops - 1] if stop.ops else "")


def test_what_is_sent_is_told() -> None:
    made = setting()
    by_op = {s.op: s.bytes for s in stops_of(made)}
    assert by_op[""] == 4 * 3 * 256 * 256
    assert by_op["d"] == 4 * 16 * 16 * 16
    assert list(by_op.values())[-1] == 0
