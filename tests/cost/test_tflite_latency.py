"""What the latency figures of LiteRT have to say of sample models, whatever the fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeplan.api import analyze
from edgeplan.capability.rows import load_backend
from edgeplan.cost.estimate import Estimate
from edgeplan.cost.latency import latency_of
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
DEPTHWISE = """g (float[1,64,32,32] x) => (float[1,64,32,32] y) <int64[4] s = {{64,1,{k},{k}}}> {{
    w = ConstantOfShape (s)
    y = Conv <group = 64, pads = [{p},{p},{p},{p}]> (x, w)
}}"""


def total(model: Path, device: str, *use: str, assume: str = "") -> Estimate:
    found = analyze(model, resolve(device, "tflite", use=use, assume=assume)).latency  # type: ignore[arg-type]
    assert found.total is not None, found.why
    assert 0 < found.total.low < found.total.likely < found.total.high
    return found.total


def seconds_of(text: str, device: str, *use: str) -> float:
    target = resolve(device, "tflite", use=use)
    graph = lower_for(parse_text(text), target)
    found = latency_of(graph, target, place(graph, target), [work_of(graph, op) for op in graph.ops])
    assert found.total is not None, found.why
    return found.total.likely - found.floor


@pytest.mark.parametrize("device", ["pixel3", "pixel6", "galaxys23", "raspberry-pi-4-4gb", "raspberry-pi-5-8gb"])
def test_integers_are_not_slower_than_floats_on_a_cpu(device: str) -> None:
    assert total(LINES, device, "xnnpack", assume="w8a8").likely < total(LINES, device, "xnnpack").likely


@pytest.mark.parametrize("model", [LINES, FACES])
@pytest.mark.parametrize("use", [(), ("xnnpack",)])
def test_a_newer_phone_is_not_slower(model: Path, use: tuple[str, ...]) -> None:
    snapdragon = [total(model, f"galaxys{n}", *use).likely for n in (22, 23, 24, 25, 26)]
    assert snapdragon == sorted(snapdragon, reverse=True)
    tensor = [total(model, f"pixel{n}", *use).likely for n in (6, 8, 9)]
    assert tensor == sorted(tensor, reverse=True)


@pytest.mark.parametrize("assume", ["", "w8a8"])
@pytest.mark.parametrize("line", ["7-gen-3 7-gen-4", "8-gen-1 8-gen-2 8-gen-3 8-elite 8-elite-gen-5"])
def test_launches_on_a_newer_snapdragons_cpu_are_not_slower(line: str, assume: str) -> None:
    """The detector of faces is so small that most of its time goes to launches."""
    named = [f"snapdragon-{n}" for n in line.split()]
    devices = {d.chip_id: d.id for d in all_devices() if "tflite" in d.backends and d.chip_id in named}
    times = [total(FACES, devices[n], "xnnpack", assume=assume).likely for n in named]
    assert times == sorted(times, reverse=True)


def test_a_newer_raspberry_pi_is_faster() -> None:
    boards = ["raspberry-pi-zero-2-w", "raspberry-pi-3-model-b-plus", "raspberry-pi-4-4gb", "raspberry-pi-5-8gb"]
    for assume in ("", "w8a8"):
        times = [total(LINES, board, assume=assume).likely for board in boards]
        assert times == sorted(times, reverse=True)


def test_the_gpu_of_a_phone_is_faster_than_one_of_its_cores_at_float() -> None:
    for device in ("galaxys23", "pixel7", "pixel4"):
        assert total(LINES, device).likely < total(LINES, device, "xnnpack").likely


@pytest.mark.parametrize("device", ["pixel6", "galaxys23", "raspberry-pi-4-4gb"])
def test_a_depthwise_convolution_of_seven_by_seven_takes_far_more_than_its_work_on_a_cpu(device: str) -> None:
    small = seconds_of(DEPTHWISE.format(k=5, p=2), device, "xnnpack")
    large = seconds_of(DEPTHWISE.format(k=7, p=3), device, "xnnpack")
    assert large > 2 * (7 * 7) / (5 * 5) * small


def test_the_gpu_computes_integers_as_floats() -> None:
    floats, integers = total(LINES, "galaxys23"), total(LINES, "galaxys23", assume="w8a8")
    assert integers.likely == pytest.approx(floats.likely, rel=0.25)


def test_a_figure_carried_over_is_wider_than_a_measured_one() -> None:
    def width(found: Estimate) -> float:
        return found.high / found.low

    assert width(total(FACES, "pixel7")) > width(total(FACES, "galaxys23"))
    assert width(total(FACES, "pixel7", "xnnpack", assume="w8a8")) > width(
        total(FACES, "pixel6", "xnnpack", assume="w8a8")
    )


def test_every_chip_that_has_a_figure_is_one_of_a_device_that_runs_it() -> None:
    devices = [d for d in all_devices() if "tflite" in d.backends]
    chips = {d.chip_id for d in devices} | {d.id for d in devices}
    found = all_speeds(load_backend("tflite"))
    named = {c for s in found.speed for c in s.chips} | {s.chip for s in found.chip}
    assert named <= chips, named - chips


def test_what_nobody_measured_has_no_figure() -> None:
    assert Speeds(resolve("galaxys24-exynos", "tflite")).of("gpu", "float32") is None
    assert Speeds(resolve("pixel6", "tflite", use=["nnapi"])).of("nnapi", "int8") is None
    assert Speeds(resolve("pixel8", "tflite", use=["nnapi"])).of("nnapi", "float32") is None


def test_a_microcontroller_with_vector_instructions_is_faster() -> None:
    times = []
    for device in ("arduino-nano-33-ble", "nucleo-l4r5zi", "stm32f746g-disco", "esp32-s3"):
        found = analyze(SAMPLES / "hey_jarvis.tflite", resolve(device, "tflite-micro")).latency
        assert found.total is not None, found.why
        times.append(found.total.likely)
    assert times == sorted(times, reverse=True)


def test_a_cortex_m0_has_no_figure() -> None:
    assert Speeds(resolve("raspberry-pi-pico", "tflite-micro")).of("cpu", "int8") is None
