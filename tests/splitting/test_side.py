import numpy as np
import pytest

from edgeplan.splitting.side import freed, side_of
from edgeplan.splitting.wiring import wiring_of
from edgeplan.target import resolve
from tests.splitting.models import graph_of


@pytest.mark.parametrize("device", ["iphone14pro", "jetson-orin-nano", "galaxys24", "pixel4"])
def test_the_ops_share_out_all_of_the_time_and_energy(device: str) -> None:
    side = side_of(wiring_of(graph_of()), resolve(device))
    assert side.plan.latency.total is not None
    assert side.seconds.sum() + side.floor == pytest.approx(side.plan.latency.total.likely)
    assert (side.joules is None) == (side.plan.energy.total is None)
    if side.joules is not None and side.plan.energy.total is not None:
        assert side.joules.sum() + side.floor_joules == pytest.approx(side.plan.energy.total.likely, rel=0.05)


def test_a_kernel_s_ops_stay_together() -> None:
    side = side_of(wiring_of(graph_of()), resolve("iphone14pro"))
    names = [[side.wiring.graph.ops[side.wiring.ops[at]].name for at in kernel] for kernel in side.kernels]
    assert any({"first", "b"} <= set(kernel) for kernel in names)


def test_weights_are_counted_once() -> None:
    side = side_of(wiring_of(graph_of()), resolve("iphone14pro"))
    assert side.weights.sum() == 4 * (16 * 27 + 64 * 16 * 9 + 64 * 10 + 1) + 2 * 8  # with the scale and a shape


def test_an_op_no_unit_takes_is_refused_and_the_rest_still_has_its_time() -> None:
    text = """
        <ir_version: 8, opset_import: ["": 18]>
        g (float[1, 64, 32, 32] x) => (float[1, 64, 32, 32] z)
        <int64[4] ws = {64, 64, 3, 3}, int64[4] es = {1, 64, 1, 1}> {
            w = ConstantOfShape <value = float {0.1}> (ws)
            [conv] y = Conv <pads = [1, 1, 1, 1]> (x, w)
            [odd] d = Det (y)
            e = Reshape (d, es)
            z = Add (y, e)
        }
    """
    side = side_of(wiring_of(graph_of(text)), resolve("jetson-orin-nano"))
    assert side.wiring.names(side.refused) == ("odd",)
    assert not side.why
    assert side.seconds[side.wiring.at["conv"]] > 0


def test_what_follows_from_an_op_that_the_cloud_refuses_takes_its_time_there() -> None:
    text = """
        <ir_version: 8, opset_import: ["": 18]>
        g (float[1, 64, 32, 32] x) => (float[1, 64, 32, 32] z)
        <int64[4] ws = {64, 64, 3, 3}, int64[4] es = {1, 64, 1, 1}> {
            w = ConstantOfShape <value = float {0.1}> (ws)
            [before] a = Conv <pads = [1, 1, 1, 1]> (x, w)
            [odd] d = Det (a)
            e = Reshape (d, es)
            y = Add (x, e)
            [behind] z = Conv <pads = [1, 1, 1, 1]> (y, w)
        }
    """
    wiring, target = wiring_of(graph_of(text)), resolve("jetson-orin-nano")
    cloud, device = side_of(wiring, target, cloud=True), side_of(wiring, target)
    before, behind = wiring.at["before"], wiring.at["behind"]
    assert wiring.names(cloud.refused) == wiring.names(device.refused) == ("odd",)
    assert cloud.seconds[behind] > 0 == cloud.seconds[before]
    assert device.seconds[before] > 0 == device.seconds[behind]


def test_ops_whose_sizes_follow_from_data_are_in_no_time() -> None:
    text = """
        <ir_version: 8, opset_import: ["": 18]>
        g (float[1, 64, 32, 32] x) => (int64[4, n] z) <int64[4] ws = {64, 64, 3, 3}> {
            w = ConstantOfShape <value = float {0.1}> (ws)
            [conv] y = Conv <pads = [1, 1, 1, 1]> (x, w)
            z = NonZero (y)
        }
    """
    side = side_of(wiring_of(graph_of(text)), resolve("pixel6"))
    assert side.wiring.names(side.untimed) == ("z",)
    assert side.seconds[side.wiring.at["conv"]] > 0
    assert not side.why


def test_a_part_is_planned_once_and_the_whole_is_the_plan_there_is() -> None:
    side = side_of(wiring_of(graph_of()), resolve("pixel6"))
    half = np.arange(8) < 4
    assert side.plan_of(half) is side.plan_of(half.copy())
    assert side.plan_of(np.ones(8, bool)) is side.plan


def test_an_op_that_takes_an_accelerator_away_is_left_to_the_cloud() -> None:
    """Core ML runs the loop on the CPU, and what comes before it on the Neural Engine all the same; LiteRT's GPU
    delegate gives up the whole model for it, so that the part before it is faster alone.
    """
    text = """
        <ir_version: 8, opset_import: ["": 18]>
        g (float[1, 3, 224, 224] x) => (float[196, 1, 1, 64] z)
        <int64[4] ws = {64, 3, 3, 3}, int64[4] vs = {64, 64, 3, 3}, int64[3] flat = {196, 1, 256},
         int64[3] is = {1, 256, 256}, int64[3] rs = {1, 256, 64}> {
            w = ConstantOfShape <value = float {0.1}> (ws)
            v = ConstantOfShape <value = float {0.1}> (vs)
            i = ConstantOfShape <value = float {0.1}> (is)
            r = ConstantOfShape <value = float {0.1}> (rs)
            [stem] a = Conv <pads = [1, 1, 1, 1], strides = [4, 4]> (x, w)
            [body] b = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (a, v)
            f = Reshape (b, flat)
            [memory] z = LSTM <hidden_size = 64> (f, i, r)
        }
    """
    side = side_of(wiring_of(graph_of(text)), resolve("pixel6"))
    assert "gpu" not in {u.unit for u in side.plan.units if u.macs}
    (other,) = freed(side)
    conv = [side.wiring.at[name] for name in ("stem", "body")]
    assert other.seconds[conv].sum() + other.floor < side.seconds[conv].sum()
    assert other.seconds[side.wiring.at["memory"]] == side.seconds[side.wiring.at["memory"]]
    half = side.plan_of(side.mask(["stem", "body"]))
    assert other.seconds[conv].sum() + other.floor == pytest.approx(half.latency.total.likely)
    assert {u.unit for u in half.units if u.macs} == {"gpu"}
    assert freed(side_of(wiring_of(graph_of()), resolve("pixel6"))) == []
