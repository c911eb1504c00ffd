from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.split.problems import every_split
from edgeplan.frontends import load_model
from edgeplan.graph import DType
from edgeplan.links.encoding import find_encoding
from edgeplan.links.network import Rate, find_network
from edgeplan.links.trace_file import parse_trace
from edgeplan.splitting.cloud import Cloud, find_cloud
from edgeplan.splitting.lines import Line
from edgeplan.splitting.plan import plan_split
from edgeplan.splitting.question import Question, SplitError
from edgeplan.splitting.setting import setting_of
from edgeplan.splitting.side import Side, side_of
from edgeplan.splitting.split import SplitPlan
from edgeplan.splitting.sweeping import by_uplink
from edgeplan.splitting.wiring import wiring_of
from edgeplan.target import resolve
from tests.splitting.models import HEAVY, graph_of


@pytest.fixture(scope="module")
def sides() -> tuple[Side, Side, Cloud]:
    wiring, at = wiring_of(graph_of(HEAVY)), find_cloud("jetson-agx-orin-64gb")
    return side_of(wiring, resolve("pixel3", use=("xnnpack",))), side_of(wiring, at.target, cloud=True), at


def planned(sides: tuple[Side, Side, Cloud], network: str = "up=20,down=20,rtt=2", **asked: object) -> SplitPlan:
    return plan_split(*sides, find_network(network), Question(**asked))  # type: ignore[arg-type]


def test_it_is_cut_where_the_network_is_small(sides: tuple[Side, Side, Cloud]) -> None:
    plan = planned(sides)
    assert plan.chosen.way.kind == "split"
    assert [t.name for t in plan.chosen.way.up] == ["d"]
    assert plan.chosen.way.device_ops == ("stem", "b", "small", "d")
    assert [t.name for t in plan.chosen.way.down] == ["scores"]
    assert sum(p.likely for p in plan.chosen.parts.values()) == pytest.approx(plan.chosen.latency.likely)
    assert plan.certified.startswith("the least cut")


@pytest.mark.parametrize("uplink", [0.05, 1, 5, 20, 100, 1000, 10000])
def test_the_best_by_the_sum_is_the_best_of_all_splits(sides: tuple[Side, Side, Cloud], uplink: float) -> None:
    network = find_network(f"up={uplink},down=20,rtt=2")
    setting = setting_of(*sides, network, network.rtt, find_encoding("raw"), Question())
    ops = len(setting.wiring.ops)
    best = min(setting.total(setting.latency, mask) for mask in every_split(ops))
    plan = plan_split(*sides, network, Question())
    masks = {"device": np.ones(ops, bool), "cloud": np.zeros(ops, bool)}
    found = min(
        setting.total(
            setting.latency, masks.get(c.way.kind, np.isin(setting.wiring.names(np.ones(ops, bool)), c.way.device_ops))
        )
        for c in plan.choices
    )
    assert found == pytest.approx(best, rel=1e-6)


def test_the_spans_tell_the_best_way_at_every_uplink(sides: tuple[Side, Side, Cloud]) -> None:
    plan = planned(sides)
    assert plan.spans[0].low == 0
    assert plan.spans[-1].high == float("inf")
    kinds = [plan.ways[s.way].kind for s in plan.spans]
    assert kinds[0] == "device"
    assert "split" in kinds
    for span in plan.spans[1:]:
        at = planned(sides, f"up={span.low * 1.05 / 1e6:.9g},down={span.low * 1.05 / 1e6:.9g},rtt=2")
        assert at.chosen.way.kind == plan.ways[span.way].kind


def test_faster_links_are_never_worse(sides: tuple[Side, Side, Cloud]) -> None:
    times = [planned(sides, f"up={up},down=20,rtt=2").chosen.latency.likely for up in (0.1, 1, 10, 100, 1000)]
    assert times == sorted(times, reverse=True)


def test_a_trip_that_takes_long_keeps_it_on_the_device(sides: tuple[Side, Side, Cloud]) -> None:
    assert planned(sides, "up=1000,down=1000,rtt=9000").chosen.way.kind == "device"


def test_the_raw_input_stays(sides: tuple[Side, Side, Cloud]) -> None:
    fast = "up=100000,down=100000,rtt=0.1"
    assert planned(sides, fast).chosen.way.kind == "cloud"
    plan = planned(sides, fast, keep_raw_input=True)
    assert plan.chosen.way.kind == "split"
    assert "the raw input may not leave the device: 'image'" in plan.choices[1].refused
    assert "EP708" in {f.code for f in planned(sides, fast).findings}
    assert "EP708" not in {f.code for f in plan.findings}


def test_nothing_leaves_before_a_named_op(sides: tuple[Side, Side, Cloud]) -> None:
    plan = planned(sides, "up=100000,down=100000,rtt=0.1", private_until="wide")
    assert "wide" in plan.chosen.way.device_ops
    assert "nothing may leave the device before 'wide'" in plan.choices[1].refused


def test_memory_is_kept_and_what_does_not_fit_is_refused(sides: tuple[Side, Side, Cloud]) -> None:
    limit = 3 * 2**20
    plan = planned(sides, "up=1,down=1,rtt=2", memory=limit)
    assert plan.choices[0].refused.startswith("it needs")
    assert plan.chosen.way.kind == "split"
    assert plan.chosen.memory is not None
    assert plan.chosen.memory <= limit
    assert "EP705" in {f.code for f in plan.findings}
    assert "fits the device's memory" in plan.certified


def test_what_cannot_be_is_told(sides: tuple[Side, Side, Cloud]) -> None:
    plan = planned(sides, memory=1000, keep_raw_input=True)
    assert not plan.allowed
    (finding,) = [f for f in plan.findings if f.code == "EP702"]
    assert "no cut of the" in finding.message


def test_the_result_may_be_needed_in_the_cloud(sides: tuple[Side, Side, Cloud]) -> None:
    plan = planned(sides, "up=0.01,down=1,rtt=2", result="cloud")
    assert plan.chosen.way.kind == "device"
    assert [t.name for t in plan.chosen.way.up] == ["scores"]
    assert not plan.chosen.way.down
    assert plan.chosen.parts["up"].likely == pytest.approx(8 * 32 / 1e4)
    assert not any(c.way.down for c in plan.choices)


def test_an_input_takes_what_it_is_said_to(sides: tuple[Side, Side, Cloud]) -> None:
    plan = planned(sides, input_bytes={"image": 1000})
    (cloud,) = [c for c in plan.choices if c.way.kind == "cloud"]
    assert [(t.sent, t.encoding) for t in cloud.way.up] == [(1000, "given")]
    with pytest.raises(SplitError, match="no input 'picture'; it has 'image'"):
        planned(sides, input_bytes={"picture": 1000})


def test_an_encoding_makes_it_smaller(sides: tuple[Side, Side, Cloud]) -> None:
    plan = planned(sides)
    sent = {e.encoding: e.sent for e in plan.encodings}
    assert sent["raw"] == 16 * 16 * 16 * 4
    assert sent["fp16"] == sent["raw"] // 2
    assert sent["int8"] < sent["fp16"]
    coded = planned(sides, encoding="fp16")
    assert [t.encoding for t in coded.chosen.way.up] == ["fp16"]


def test_an_outage_makes_the_device_more_likely(sides: tuple[Side, Side, Cloud]) -> None:
    steady = planned(sides, "up=20,down=20,rtt=2")
    patchy = planned(sides, "up=20,down=20,rtt=2", outage=0.9, timeout=5.0)
    assert steady.chosen.way.kind == "split"
    assert patchy.spans[0].high > steady.spans[0].high
    assert patchy.chosen.way.kind == "device"
    split = patchy.choices[2]
    whole = patchy.choices[0].way.device.likely
    up = split.latency.likely - split.way.device.likely
    assert split.expected == pytest.approx(split.way.device.likely + 0.1 * up + 0.9 * (5 + whole))
    assert all(c.expected is None for c in steady.choices)


def test_money_is_for_what_a_budget_of_time_leaves(sides: tuple[Side, Side, Cloud]) -> None:
    device, cloud, at = sides
    priced = device, cloud, replace(at, price_per_hour=1.0)
    free = planned(priced, objective="cost")
    assert free.chosen.way.kind == "device"
    assert free.chosen.cost.likely == 0
    quick = planned(priced, objective="cost", latency=planned(priced).chosen.latency.likely * 1.01)
    assert quick.chosen.way.kind != "device"
    assert quick.chosen.cost.likely > 0
    assert 0 not in quick.rivals  # it costs less, and surely takes too long
    late = planned(priced, objective="cost", latency=1e-6)
    assert "EP301" in {f.code for f in late.findings}
    with pytest.raises(SplitError, match="cost cannot be made small"):
        planned(sides, objective="cost")


def test_energy_needs_a_metered_device_and_radio() -> None:
    wiring, at = wiring_of(graph_of(HEAVY)), find_cloud("jetson-agx-orin-64gb")
    sides = side_of(wiring, resolve("jetson-orin-nano")), side_of(wiring, at.target, cloud=True), at
    plan = planned(sides, "up=20,down=20,rtt=2,radio=lte-2012", objective="energy")
    assert plan.chosen.energy is not None
    assert plan.choices[1].energy.likely > plan.choices[0].energy.likely  # the radio's tail alone is joules
    assert all(p.energy is not None for p in plan.curve)
    with pytest.raises(SplitError, match="energy cannot be made small"):
        planned(sides, "up=20,down=20,rtt=2", objective="energy")


def test_a_measured_cloud_is_believed(sides: tuple[Side, Side, Cloud]) -> None:
    device, cloud, at = sides
    measured = replace(at, measured=Rate(0.4, 0.5, 0.7))
    plan = planned((device, cloud, measured), "up=100000,down=100000,rtt=0.1")
    whole = plan.choices[1].way.cloud
    assert (whole.low, whole.likely, whole.high) == pytest.approx((0.4, 0.5, 0.7))
    assert plan.chosen.way.kind == "device"


def test_ways_that_figures_cannot_tell_apart_are_rivals(sides: tuple[Side, Side, Cloud]) -> None:
    plan = planned(sides)
    edge = next(s for s in plan.spans if plan.ways[s.way].kind == "split").low / 1e6
    near = planned(sides, f"up={0.5 * edge:.9g}:{1.02 * edge:.9g}:{3 * edge:.9g},down=20,rtt=2")
    assert near.rivals
    assert "EP701" in {f.code for f in near.findings}
    far = planned(sides, "up=0.001,down=20,rtt=2")
    assert not far.rivals


def test_a_trace_is_run_over(sides: tuple[Side, Side, Cloud]) -> None:
    trace = parse_trace("time_s,up_mbps,rtt_ms\n0,50,2\n5,0,2\n6,50,2\n20,50,2\n", rtt=None, name="t")
    plan = planned(sides, trace=trace, timeout=0.5, every=0.25)
    assert [s.by for s in plan.simulated] == [*("fixed" for _ in plan.ways), "policy", "hindsight"]
    split = next(s for s in plan.simulated if s.way is not None and plan.ways[s.way].kind == "split")
    assert split.fallbacks > 0
    assert split.lost == 0


def test_a_link_without_a_known_trip_is_refused(sides: tuple[Side, Side, Cloud]) -> None:
    with pytest.raises(SplitError, match=r"lte-2017,rtt=50"):
        planned(sides, "lte-2017")


def test_unknown_times_are_no_guess() -> None:
    """Nobody has measured that phone's processor."""
    wiring, at = wiring_of(graph_of(HEAVY)), find_cloud("jetson-agx-orin-64gb")
    device = side_of(wiring, resolve("pixel10"))
    assert device.why
    plan = planned((device, side_of(wiring, at.target, cloud=True), at))
    assert plan.chosen.latency is None
    assert {f.code for f in plan.findings} >= {"EP706"}
    kept = planned((device, side_of(wiring, at.target, cloud=True), at), keep_raw_input=True, memory=1)
    assert not kept.allowed


def test_an_op_only_the_cloud_can_run_goes_there(sides: tuple[Side, Side, Cloud]) -> None:
    device, cloud, at = sides
    odd = replace(
        device, refused=np.array([n == "huge" for n in device.wiring.names(np.ones(len(device.seconds), bool))])
    )
    plan = planned((odd, cloud, at), "up=0.01,down=1,rtt=2")
    assert plan.cloud_only_ops == ("huge",)
    assert "huge" not in plan.chosen.way.device_ops
    assert plan.chosen.way.kind == "split"
    assert "EP703" in {f.code for f in plan.findings}


@pytest.mark.parametrize(
    "asked",
    [
        {"objective": "beauty"}, {"outage": 1.0}, {"outage": 0.1}, {"timeout": 0.0}, {"latency": -1.0},
        {"min_depth": -1}, {"memory": 0}, {"result": "moon"}, {"every": float("nan")}, {"input_bytes": {"image": 0}},
    ],
)  # fmt: skip
def test_nonsense_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(SplitError):
        Question(**asked)  # type: ignore[arg-type]


def test_an_op_that_neither_side_knows_is_told(sides: tuple[Side, Side, Cloud]) -> None:
    device, cloud, at = sides
    huge = np.array([n == "huge" for n in device.wiring.names(np.ones(len(device.seconds), bool))])
    plan = planned((replace(device, unknown=huge), replace(cloud, refused=huge), at))
    assert not plan.allowed
    (finding,) = [f for f in plan.findings if f.code == "EP702"]
    assert "neither side is known to run 'huge'" in finding.message


def test_constraints_that_pull_apart_name_both_ends(sides: tuple[Side, Side, Cloud]) -> None:
    device, cloud, at = sides
    stem = np.array([n == "stem" for n in device.wiring.names(np.ones(len(device.seconds), bool))])
    plan = planned((replace(device, refused=stem), cloud, at), keep_raw_input=True)
    (finding,) = [f for f in plan.findings if f.code == "EP702"]
    assert "'stem'" in finding.message


def test_a_way_may_be_asked_for(sides: tuple[Side, Side, Cloud]) -> None:
    for way in ("device", "cloud", "split"):
        assert planned(sides, "up=100000,down=100000,rtt=0.1", way=way).chosen.way.kind == way
    with pytest.raises(SplitError, match="no split of this model leaves"):
        planned(sides, memory=1000, keep_raw_input=True, way="split")


def test_without_a_split_the_reason_is_what_stands_in_its_way(sides: tuple[Side, Side, Cloud]) -> None:
    with pytest.raises(SplitError, match=r"it needs .* on the device, and 1 B are there"):
        planned(sides, memory=1, way="split")
    unknown = (replace(sides[0], why="nobody timed it"), *sides[1:])
    with pytest.raises(SplitError, match="it needs"):
        planned(unknown, memory=1, way="split")
    wiring, at = wiring_of(graph_of(ONE_OP)), sides[2]
    one = side_of(wiring, resolve("pixel3", use=("xnnpack",))), side_of(wiring, at.target, cloud=True), at
    with pytest.raises(SplitError, match="all of it runs as one piece"):
        planned(one, way="split")


ONE_OP = """
    <ir_version: 8, opset_import: ["": 18]>
    one (float[1, 64] x) => (float[1, 64] y) { y = Relu (x) }
"""


def test_what_is_sent_needs_no_time_to_be_known(sides: tuple[Side, Side, Cloud]) -> None:
    plan = planned((replace(sides[0], why="nobody timed it"), *sides[1:]), way="split", latency=1.0)
    assert plan.chosen.latency is None
    assert plan.chosen.way.kind == "split"
    assert plan.chosen.way.up_bytes
    assert [t.name for t in plan.chosen.way.down] == ["scores"]
    assert {"EP303", "EP706"} <= {f.code for f in plan.findings}


def test_a_way_that_was_asked_for_has_no_rivals_that_are_surely_better(sides: tuple[Side, Side, Cloud]) -> None:
    plan = planned(sides, "up=0.01,down=20,rtt=2", way="cloud", latency=5.0)
    assert plan.chosen.way.kind == "cloud"
    assert plan.rivals == ()
    (late,) = [f for f in plan.findings if f.code == "EP301"]
    assert late.message.startswith("cloud only, as asked, does not keep")


def test_a_budget_and_rivals_count_the_outages(sides: tuple[Side, Side, Cloud]) -> None:
    asked = {"way": "cloud", "outage": 0.5, "timeout": 60.0, "latency": 10.0}
    plan = planned(sides, "up=1000,down=1000,rtt=2", **asked)
    assert plan.chosen.latency.likely < 10 < plan.chosen.seconds
    assert plan.rivals == ()
    (late,) = [f for f in plan.findings if f.code == "EP301"]
    assert "with outages" in late.message


def test_outputs_of_a_size_that_data_decide_have_none() -> None:
    text = """
        <ir_version: 8, opset_import: ["": 18]>
        select (float[1, 64] x) => (int64[2, n] places) { a = Relu (x) places = NonZero (a) }
    """
    wiring, at = wiring_of(graph_of(text)), find_cloud("server-xeon-gold-6226")
    plan = planned((side_of(wiring, resolve("pixel3")), side_of(wiring, at.target, cloud=True), at), way="cloud")
    (back,) = plan.chosen.way.down
    assert (back.shape, back.bytes, back.sent) == (None, None, None)
    (untimed,) = [f for f in plan.findings if f.code == "EP709"]
    assert untimed.message.endswith("nor is the way back of 1 output")


def test_a_way_that_was_asked_for_and_is_not_allowed_is_an_error(sides: tuple[Side, Side, Cloud]) -> None:
    plan = planned(sides, keep_raw_input=True, way="cloud")
    assert plan.chosen.way.kind == "cloud"
    assert plan.allowed
    (finding,) = [f for f in plan.findings if f.code == "EP702"]
    assert finding.message.startswith("cloud only, as asked, is not allowed: the raw input")


def test_no_stop_is_faster_than_what_fits_the_memory(sides: tuple[Side, Side, Cloud]) -> None:
    free, tight = (planned(sides, "up=1,down=1,rtt=2", memory=size) for size in (None, 3_000_000))
    assert min(s.seconds for s in free.stops) == free.chosen.seconds
    assert not tight.chosen.refused
    assert min(s.seconds for s in tight.stops) == pytest.approx(tight.chosen.seconds, rel=1e-3)
    assert tight.stops[-1].seconds == float("inf")  # all on the device


def test_the_spans_know_the_splits_that_were_found(sides: tuple[Side, Side, Cloud]) -> None:
    """What fits the memory may lie off all the cuts that are best somewhere without one."""
    setting = setting_of(*sides, find_network("lte"), Rate(0.1, 0.1, 0.1), find_encoding("raw"), Question())
    odd = np.arange(len(setting.wiring.ops)) < 1

    def only(mask: np.ndarray) -> Line | None:
        return Line(1.0, 1.0, mask) if (mask == odd).all() else None

    assert by_uplink([setting], only) == ([], [])
    (span,), (mask,) = by_uplink([setting], only, [odd])
    assert (span.low, span.high) == (0, float("inf"))
    assert (mask == odd).all()


def test_a_variable_s_handle_is_not_sent() -> None:
    """What reads a state and what writes it are on one side: a handle has no bytes, and means nothing elsewhere."""
    graph = load_model(Path(__file__).parents[2] / "samples" / "hey_jarvis.tflite").graph
    wiring, at = wiring_of(graph), find_cloud("raspberry-pi-5-8gb")
    plan = planned((side_of(wiring, resolve("pixel6")), side_of(wiring, at.target, cloud=True), at), way="split")
    assert plan.chosen.way.up
    assert all(graph.values[t.name].dtype is DType.INT8 for t in plan.chosen.way.up)
    here = set(plan.chosen.way.device_ops)
    for op in graph.ops:
        handles = [n for n in op.inputs if graph.values[n].dtype is DType.RESOURCE]
        assert all((graph.ops[graph.producer[n]].name in here) == (op.name in here) for n in handles)
