"""What the speeds of servers say of a few small networks, with ONNX Runtime and with TensorRT."""

from __future__ import annotations

from functools import lru_cache
from math import log
from pathlib import Path

import pytest

from edgeplan.capability.rows import load_backend
from edgeplan.cost.latency import Latency, latency_of
from edgeplan.cost.speeds import ChipSpeed, Speed, all_speeds
from edgeplan.cost.work import work_of
from edgeplan.frontends import load_model
from edgeplan.graph import Graph
from edgeplan.place.lowered import lower_for
from edgeplan.place.partition import place
from edgeplan.target import resolve

SAMPLES = Path(__file__).parents[2] / "samples"
CARDS = ("t4", "titan-rtx", "l4", "a10g", "rtx3090", "rtx4090", "a100-40gb", "h100-80gb")
PROCESSORS = ("xeon-platinum-8275cl", "xeon-silver-4114", "xeon-gold-6226", "core-i9-10940x")
"""From the slowest to the fastest."""
PEAK = {
    "t4": (8.1, 65.0),
    "titan-rtx": (16.3, 130.5),
    "v100-16gb": (15.7, 125.0),
    "rtx-3090": (35.6, 142.3),
    "a100-40gb": (156.0, 312.0),
    "l4": (60.6, 121.0),
    "a10g": (35.0, 140.0),
    "rtx-4090": (82.6, 330.3),
    "h100-80gb": (494.7, 989.4),
    "gtx-1080-ti": (11.3, 0.0),
}
"""TFLOP/s, dense, of NVIDIA's data sheets and white papers: at float32 (TF32 from Ampere on), and at float16."""


@lru_cache(maxsize=4)
def network(name: str) -> Graph:
    return load_model(SAMPLES / f"{name}.onnx").graph


@lru_cache(maxsize=256)
def latency(name: str, server: str, backend: str, precision: str = "", assume: str = "") -> Latency:
    target = resolve(f"server-{server}", backend, precision=precision or None, assume=assume)
    graph = lower_for(network(name), target)
    return latency_of(graph, target, place(graph, target), [work_of(graph, op) for op in graph.ops])


def likely(server: str, backend: str, precision: str = "", name: str = "mlsd_tiny_320") -> float:
    found = latency(name, server, backend, precision)
    assert found.total is not None, found.why
    return found.total.likely


def width(server: str, backend: str, precision: str = "") -> float:
    found = latency("mlsd_tiny_320", server, backend, precision).total
    assert found is not None
    return log(found.high / found.low)


@pytest.mark.parametrize("server", [*CARDS, *PROCESSORS, "v100-16gb", "gtx1080ti"])
def test_every_server_has_a_time_with_a_range(server: str) -> None:
    found = latency("mlsd_tiny_320", server, "onnxruntime").total
    assert found is not None
    assert 0 < found.low < found.likely < found.high < 40 * found.low
    assert 1e-4 < found.likely < 0.1
    assert ".csv" in found.basis


@pytest.mark.parametrize("server", CARDS)
@pytest.mark.parametrize("precision", ["", "float16"])
def test_every_card_of_a_table_has_a_time_with_tensorrt(server: str, precision: str) -> None:
    found = latency("mlsd_tiny_320", server, "tensorrt", precision).total
    assert found is not None
    assert 5e-5 < found.low < found.likely < found.high < 5e-3


def test_order_of_the_servers() -> None:
    processors = [likely(p, "onnxruntime") for p in PROCESSORS]
    assert processors[0] > processors[1] > processors[2] > processors[3] > likely("gtx1080ti", "onnxruntime")
    for backend in ("onnxruntime", "tensorrt"):
        slow, fast, faster = (likely(card, backend, "float16") for card in ("t4", "rtx3090", "rtx4090"))
        assert slow > fast > faster
    assert likely("v100-16gb", "onnxruntime") < likely("t4", "onnxruntime")


@pytest.mark.parametrize("server", CARDS)
def test_a_builder_of_engines_is_not_slower_than_kernels_of_a_library(server: str) -> None:
    assert likely(server, "tensorrt", "float16") < likely(server, "onnxruntime", "float16") * 1.1


def test_what_is_carried_over_is_less_sure() -> None:
    assert width("v100-16gb", "onnxruntime") < min(width(c, "onnxruntime") for c in CARDS)
    assert width("xeon-platinum-8275cl", "onnxruntime") < width("core-i9-10940x", "onnxruntime")
    assert width("core-i9-10940x", "onnxruntime") < width("xeon-silver-4114", "onnxruntime")
    measured = max(width(c, "tensorrt", "float16") for c in ("t4", "titan-rtx", "rtx3090"))
    assert all(width(c, "tensorrt", "float16") > measured for c in ("a10g", "rtx4090", "h100-80gb"))


def test_no_time_where_it_would_be_a_guess() -> None:
    assert latency("mlsd_tiny_320", "gtx1080ti", "onnxruntime", "float16").total is None  # 1/64 of its FP32 rate
    assert latency("mlsd_tiny_320", "core-i9-10940x", "onnxruntime", "float16").total is None
    assert latency("mlsd_tiny_320", "t4", "onnxruntime", assume="w8a8").total is None


def test_no_card_does_more_than_its_peak() -> None:
    told = 0
    for backend, unit in (("onnxruntime", "cuda"), ("tensorrt", "gpu")):
        found = all_speeds(load_backend(backend))
        for chip, peaks in PEAK.items():
            for speed in found.speed:
                times = _times(speed, chip, unit, found.chip)
                lane = {"float32": 0, "float16": 1}.get(speed.precision[0])
                if times is None or lane is None or not peaks[lane]:
                    continue
                told += 1
                assert 2e-3 * max(speed.gmacs.values()) * times <= peaks[lane], (backend, chip, speed.precision)
    assert told >= 30


def _times(speed: Speed, chip: str, unit: str, scales: tuple[ChipSpeed, ...]) -> float | None:
    """How many times the rate of a speed a chip has; None where the speed says nothing of it."""
    if unit not in speed.unit:
        return None
    if chip in speed.chips:
        return 1.0
    mine = (
        c.work
        for c in scales
        if c.chip == chip and unit in c.unit and c.like in speed.chips
        and (not c.precision or speed.precision[0] in c.precision)
    )  # fmt: skip
    return next(mine, None)
