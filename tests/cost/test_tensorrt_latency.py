"""What the fitted speeds of Jetson modules say of a few small networks."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import log
from pathlib import Path

import pytest

from edgeplan.cost.latency import Latency, latency_of
from edgeplan.cost.work import work_of
from edgeplan.frontends import load_model
from edgeplan.graph import Graph
from edgeplan.place.lowered import lower_for
from edgeplan.place.partition import place
from edgeplan.target import resolve

SAMPLES = Path(__file__).parents[2] / "samples"
NETWORKS = ("blazeface_front_128", "mlsd_tiny_320", "ppocr_v4_det")
ORIN = (
    "jetson-orin-nano-4gb",
    "jetson-orin-nano-8gb",
    "jetson-orin-nx-8gb",
    "jetson-orin-nx-16gb",
    "jetson-agx-orin-32gb",
    "jetson-agx-orin-64gb",
)
"""From the slowest to the fastest."""
OTHERS = ("jetson-nano", "jetson-tx2", "jetson-xavier-nx", "jetson-agx-xavier", "jetson-agx-thor")
CARRIED = {"jetson-orin-nano-4gb", "jetson-orin-nx-8gb", "jetson-tx2"}


@lru_cache(maxsize=8)
def network(name: str) -> Graph:
    """A sample, with a side of 320 where it is open."""
    shapes = {"x": (1, 3, 320, 320)} if name == "ppocr_v4_det" else None
    return load_model(SAMPLES / f"{name}.onnx", shapes=shapes).graph


@lru_cache(maxsize=256)
def latency(name: str, device: str, precision: str = "float16", release: str = "") -> Latency:
    """At a precision: float32 is that of the file, int8 as though quantised."""
    assume = "w8a8" if precision == "int8" else ""
    target = resolve(
        device,
        "tensorrt",
        release or None,
        precision="float16" if precision == "float16" else None,
        assume=assume,  # type: ignore[arg-type]
    )
    graph = lower_for(network(name), target)
    return latency_of(graph, target, place(graph, target), [work_of(graph, op) for op in graph.ops])


def likely(name: str, device: str, precision: str = "float16", release: str = "") -> float:
    found = latency(name, device, precision, release)
    assert found.total is not None, found.why
    return found.total.likely


@pytest.mark.parametrize("device", [*ORIN, *OTHERS])
@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_every_module_has_a_time_with_a_range(device: str, precision: str) -> None:
    found = latency("blazeface_front_128", device, precision).total
    assert found is not None
    assert 0 < found.low < found.likely < found.high < 20 * found.low
    assert 1e-5 < found.likely < 0.1


@pytest.mark.parametrize("name", NETWORKS)
def test_a_larger_module_is_not_slower(name: str) -> None:
    times = [likely(name, device) for device in ORIN]
    assert all(slower >= faster * 0.97 for slower, faster in pairwise(times)), times
    assert likely(name, "jetson-agx-thor") < times[-1]
    assert likely(name, "jetson-nano") > likely(name, "jetson-tx2") > likely(name, "jetson-xavier-nx")


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("device", ["jetson-orin-nano-8gb", "jetson-orin-nx-16gb", "jetson-agx-orin-64gb"])
def test_narrower_types_are_not_slower(name: str, device: str) -> None:
    full, half, byte = (likely(name, device, p, "10.3") for p in ("float32", "float16", "int8"))
    assert full > half > byte * 0.9


def test_super_modes_came_with_jetpack_6() -> None:
    for device in ("jetson-orin-nano-8gb", "jetson-orin-nx-16gb", "jetson-orin-nano-4gb", "jetson-orin-nx-8gb"):
        before = likely("mlsd_tiny_320", device, release="8.5")
        after = likely("mlsd_tiny_320", device, release="10.3")
        assert 1.1 < before / after < 2.2, device


def test_what_is_carried_over_is_less_sure() -> None:
    def width(device: str) -> float:
        found = latency("mlsd_tiny_320", device).total
        assert found is not None
        return log(found.high / found.low)

    measured = max(width(d) for d in ORIN if d not in CARRIED)
    assert all(width(d) > measured for d in CARRIED)


def test_no_time_where_it_would_be_a_guess() -> None:
    nano = latency("blazeface_front_128", "jetson-nano", "int8")
    assert nano.total is None
    assert "no unit" in nano.why  # it has no INT8


def test_the_range_is_what_tables_were_held_out_for() -> None:
    found = latency("mlsd_tiny_320", "jetson-agx-orin-64gb").total
    assert found is not None
    assert "measured/tensorrt_jetson.csv" in found.basis
    assert 1.2 < found.high / found.low < 1.6
