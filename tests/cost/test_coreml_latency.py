"""What the latency figures of Core ML have to say of sample models, whatever the fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeplan.api import analyze
from edgeplan.capability.rows import load_backend
from edgeplan.cost.estimate import Estimate
from edgeplan.cost.kernel_time import KernelTime
from edgeplan.cost.latency import Latency, latency_of
from edgeplan.cost.speeds import all_speeds
from edgeplan.cost.unit_speed import Speeds
from edgeplan.cost.work import work_of
from edgeplan.devices import all_devices
from edgeplan.frontends.onnx import parse_text
from edgeplan.place.lowered import lower_for
from edgeplan.place.partition import place
from edgeplan.target import resolve

SAMPLES = Path(__file__).parents[2] / "samples"
LINES = SAMPLES / "mlsd_tiny_320.onnx"
FACES = SAMPLES / "blazeface_front_128.onnx"
UNTIMED = {"a12", "a12x", "a13"}
"""Chips with a Neural Engine that no table tells of."""
WITHOUT = {"a10", "a10x", "a11"}
"""Chips whose Neural Engine, if any, Core ML does not use."""
ACTIVATED = """g (float[1,64,56,56] x) => (float[1,64,56,56] y) <int64[4] s = {{64,64,1,1}}> {{
    w = ConstantOfShape (s)
    c = Conv (x, w)
    {activation}
}}"""
CONV = """g (float[1,{c},{n},{n}] x) => (float[1,{c},{n},{n}] y) <int64[4] s = {{{c},{c},1,1}}> {{
    w = ConstantOfShape (s)
    y = Conv (x, w)
}}"""


def total(model: Path, device: str, assume: str = "", release: str | None = None) -> Estimate:
    found = analyze(model, resolve(device, "coreml", release, assume=assume)).latency  # type: ignore[arg-type]
    assert found.total is not None, found.why
    assert 0 < found.total.low < found.total.likely < found.total.high
    return found.total


def latency(text: str, device: str) -> Latency:
    target = resolve(device, "coreml")
    graph = lower_for(parse_text(text), target)
    found = latency_of(graph, target, place(graph, target), [work_of(graph, op) for op in graph.ops])
    assert found.total is not None, found.why
    return found


@pytest.mark.parametrize("device", sorted(d.id for d in all_devices() if "coreml" in d.backends))
def test_there_is_an_estimate_where_its_like_was_measured(device: str) -> None:
    target = resolve(device, "coreml")
    found = analyze(LINES, target).latency
    if target.device.chip_id in UNTIMED:
        assert found.total is None
        assert found.why
        return
    assert found.total is not None, found.why
    assert [u.unit for u in found.units] == ["cpu" if target.device.chip_id in WITHOUT else "ane"]


@pytest.mark.parametrize("model", [LINES, FACES])
def test_a_newer_phone_is_not_slower(model: Path) -> None:
    times = [total(model, phone).likely for phone in ("iphone12", "iphone13", "iphone14pro", "iphone17pro")]
    assert times[:3] == sorted(times[:3], reverse=True)
    assert times[3] < 1.3 * times[2], "small networks: the two later chips' fixed times differ by little"


@pytest.mark.parametrize(
    "device", ["iphone12", "iphone13", "iphone14pro", "iphone15pro", "iphone17pro", "macbookairm4"]
)
def test_integers_are_not_slower_than_floats(device: str) -> None:
    assert total(LINES, device, "w8a8").likely <= 1.001 * total(LINES, device).likely


def test_integers_gain_where_they_are_multiplied() -> None:
    assert total(LINES, "iphone15pro", "w8a8").likely < 0.8 * total(LINES, "iphone15pro").likely


@pytest.mark.parametrize("device", ["iphone12", "iphone15pro"])
def test_weights_alone_gain_next_to_nothing(device: str) -> None:
    assert total(LINES, device, "w8").likely == pytest.approx(total(LINES, device).likely, rel=0.02)


def test_what_was_carried_over_is_less_sure_than_what_was_measured() -> None:
    def width(device: str) -> float:
        found = total(LINES, device)
        return found.high / found.low

    assert width("iphone12") < width("iphone13") < width("iphone16") < width("iphone17pro")


def test_silu_takes_a_pass_of_its_own_and_relu_none() -> None:
    def kernels(activation: str) -> tuple[KernelTime, ...]:
        return latency(ACTIVATED.format(activation=activation), "iphone12").kernels

    (plain,) = kernels("y = Identity (c)")
    (relu,) = kernels("y = Relu (c)")
    (silu,) = kernels("f = Sigmoid (c)\n    y = Mul (c, f)")
    assert relu.seconds == pytest.approx(plain.seconds)
    assert list(silu.penalties) == ["swish"]
    assert silu.seconds > relu.seconds


def test_what_stays_on_the_chip_moves_faster() -> None:
    small = latency(CONV.format(c=64, n=32), "iphone12").kernels[0]
    large = latency(CONV.format(c=64, n=64), "iphone12").kernels[0]
    assert large.moved < 4.1 * small.moved
    assert large.busy > 8 * small.busy


def test_every_chip_has_a_cpu_for_what_is_left_over() -> None:
    for device in (d for d in all_devices() if "coreml" in d.backends):
        target = resolve(device.id, "coreml")
        for precision in ("float16", "float32", "int8"):
            assert Speeds(target).of("cpu", precision) is not None, device.id


def test_the_fit_is_on_the_record() -> None:
    found = all_speeds(load_backend("coreml"))
    ane = next(s for s in found.speed if "ane" in s.unit and "float16" in s.precision)
    assert ane.fit.error <= 0.10
    assert ane.fit.rank >= 0.96
    assert 0.75 <= ane.fit.covered <= 0.90
    assert {c.chip for c in found.chip if c.measured and "ane" in c.unit} == {"a15", "a16", "a17pro"}
    assert {frozenset(c.units) for c in found.crossing} == {frozenset({"ane", "cpu"})}
