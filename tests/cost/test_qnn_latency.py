"""What the latency figures of the HTP have to say of sample models, whatever the fit."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from edgeplan.api import analyze
from edgeplan.capability.rows import load_backend
from edgeplan.cost.estimate import Estimate
from edgeplan.cost.latency import Latency, latency_of
from edgeplan.cost.speeds import all_speeds
from edgeplan.cost.work import work_of
from edgeplan.devices import all_devices
from edgeplan.frontends.onnx import parse_text
from edgeplan.place.lowered import lower_for
from edgeplan.place.partition import place
from edgeplan.target import resolve

SAMPLES = Path(__file__).parents[2] / "samples"
FACES = SAMPLES / "blazeface_front_128.onnx"
UNTIMED = {"snapdragon-7-gen-1", "snapdragon-7-gen-3", "snapdragon-7s-gen-2", "snapdragon-7s-gen-3"}
"""Chips between two measured ones that differ ten times."""
PHONES = (
    "snapdragon-8-gen-1",
    "snapdragon-8-gen-2",
    "snapdragon-8-gen-3",
    "snapdragon-8-elite",
    "snapdragon-8-elite-gen-5",
)
NORMALISED = """g (float[1,3,224,224] x) => (float[1,32,112,112] y)
<int64[4] s = {{32,3,3,3}}, float[1,3,1,1] m = {{1,2,3}}, float one = {{1}}> {{
    w = ConstantOfShape (s)
    a = Sub (x, {operand})
    y = Conv <strides = [2,2], pads = [1,1,1,1]> (a, w)
}}"""
TRANSPOSED = """g (float[{sizes}] x) => (y) {{ y = Transpose <perm = {perm}> (x) }}"""
HEADS = "g (float[1,4,128,128] x) => (y) <float[1,4,1,1] b = {1,2,3,4}> { y = Add (x, b) }"


def total(device: str, assume: str = "", backend: str = "qnn") -> Estimate:
    found = analyze(FACES, resolve(device, backend, assume=assume)).latency  # type: ignore[arg-type]
    assert found.total is not None, found.why
    assert 0 < found.total.low < found.total.likely < found.total.high
    return found.total


def latency(text: str, device: str = "snapdragon-8-gen-3") -> Latency:
    target = resolve(device, "qnn")
    graph = lower_for(parse_text(text), target)
    found = latency_of(graph, target, place(graph, target), [work_of(graph, op) for op in graph.ops])
    assert found.total is not None, found.why
    return found


@pytest.mark.parametrize("device", sorted(d.id for d in all_devices() if "qnn" in d.backends))
def test_a_quantised_network_has_an_estimate_where_its_like_was_measured(device: str) -> None:
    target = resolve(device, "qnn", assume="w8a8")
    found = analyze(FACES, target).latency
    if target.device.chip_id in UNTIMED:
        assert found.total is None
    else:
        assert found.total is not None, found.why
        assert found.total.high > 1.3 * found.total.low


@pytest.mark.parametrize("assume", ["", "w8a8", "w8a16"])
def test_a_newer_phone_is_not_slower(assume: str) -> None:
    likely = [total(device, assume).likely for device in PHONES]
    for older, newer in pairwise(likely):
        assert newer < 1.25 * older  # a small network takes little more than what every run takes
    assert likely[-1] < 0.6 * likely[0]


@pytest.mark.parametrize("device", PHONES)
def test_int8_is_faster_than_float(device: str) -> None:
    assert total(device, "w8a8").likely < 0.8 * total(device).likely


def test_a_chip_that_nobody_measured_has_the_wider_range() -> None:
    measured, carried = total("snapdragon-7-gen-4", "w8a8"), total("snapdragon-7-plus-gen-3", "w8a8")
    assert carried.high / carried.low > measured.high / measured.low


def test_snpe_runs_as_qnn_does_with_less_certainty() -> None:
    own, other = total("snapdragon-8-gen-3", "w8a8"), total("snapdragon-8-gen-3", "w8a8", "snpe")
    assert other.likely == pytest.approx(own.likely, rel=0.2)
    assert other.high / other.low > own.high / own.low


def test_three_channels_cost_as_much_as_many() -> None:
    by_channel = latency(NORMALISED.format(operand="m")).kernels[0]
    by_number = latency(NORMALISED.format(operand="one")).kernels[0]
    assert "colour-channels" in by_channel.penalties
    assert "colour-channels" not in by_number.penalties
    assert by_channel.seconds > 3 * by_number.seconds


def test_attention_heads_are_no_colours() -> None:
    assert not latency(HEADS).kernels[0].penalties


@pytest.mark.parametrize(
    ("sizes", "perm", "told"),
    [
        ([1, 64, 56, 56], [0, 2, 3, 1], ""),
        ([1, 64, 56, 56], [0, 3, 1, 2], ""),
        ([1, 2, 64, 56, 56], [0, 2, 1, 3, 4], ""),
        ([1, 196, 12, 64], [0, 2, 1, 3], "heads"),
        ([1, 197, 1, 3, 768], [3, 1, 2, 0, 4], "packed"),
        ([77, 5, 3, 512], [2, 0, 1, 3], "packed"),
        ([1, 64, 3136], [0, 2, 1], "transpose"),
        ([1, 64, 56, 56], [0, 1, 3, 2], "transpose-columns"),
        ([8, 7, 8, 672], [0, 2, 1, 3], "transpose-blocks"),
        ([9, 16, 128, 64], [2, 0, 1, 3], "transpose-axes"),
        ([1, 3, 85, 20, 20], [0, 1, 3, 4, 2], "transpose-deep"),
        ([7, 16, 128, 8, 64], [1, 2, 0, 3, 4], "transpose-deep-axes"),
    ],
)
def test_a_transpose_is_charged_once_by_what_it_moves(sizes: list[int], perm: list[int], told: str) -> None:
    text = TRANSPOSED.format(sizes=",".join(map(str, sizes)), perm=perm)
    kernels = latency(text).kernels
    assert [name for k in kernels for name in k.penalties] == ([told] if told else [])


def test_heads_of_an_attention_are_moved_faster_than_windows() -> None:
    heads = latency(TRANSPOSED.format(sizes="1,196,12,64", perm=[0, 2, 1, 3])).total
    windows = latency(TRANSPOSED.format(sizes="2,98,12,64", perm=[0, 2, 1, 3])).total
    assert heads is not None
    assert windows is not None
    assert heads.likely < windows.likely


def test_figures_have_the_sizes_that_hardware_has() -> None:
    found = all_speeds(load_backend("qnn"))
    for speed in found.speed:
        assert 10 <= speed.gbytes["weights"] <= 150
        assert 500 <= speed.gmacs["conv"] <= 60_000
        assert 5 <= speed.floor <= 300
    for chip in found.chip:
        assert 0.02 < chip.work < 3
        assert 0.05 < chip.traffic < 4
        assert 0.3 < chip.fixed < 15
        assert chip.measured or chip.widen >= 1
    assert found.crossing
