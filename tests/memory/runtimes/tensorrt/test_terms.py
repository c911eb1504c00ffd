from __future__ import annotations

from dataclasses import replace

import pytest

from edgeplan.graph import DType, Graph, Op, Value
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.plan import MemoryPlan, plan_memory
from edgeplan.memory.runtimes.tensorrt.weights import weights_of
from edgeplan.memory.term import Term
from edgeplan.place.runs import runs_of
from edgeplan.target import resolve
from tests.memory.runtimes.tensorrt.networks import WORKSPACE, conv, network

IMAGE = "float[1,64,28,28] x"
NET = network(
    IMAGE, conv("x", "a", "w") + "b = Relu (a)\n" + conv("b", "y", "v"), {"w": (64, 64, 1, 1), "v": (64, 64, 1, 1)}
)
PLANE = 64 * 28 * 28 * 4


def deployed(graph: Graph, precision: str = "model", release: str = "10.3", units: tuple[str, ...] = ()) -> Deployment:
    target = replace(resolve("jetson-orin-nx-16gb", "tensorrt", release), precision=precision)
    placed = units or ("gpu",) * len(graph.ops)
    return Deployment(graph, target, placed, runs_of(graph, placed))


def plan(
    graph: Graph = NET, precision: str = "model", release: str = "10.3", units: tuple[str, ...] = ()
) -> MemoryPlan:
    return plan_memory(deployed(graph, precision, release, units))


def term(found: MemoryPlan, name: str) -> Term:
    return next(t for t in found.terms if t.name == name)


def test_every_term_is_a_range_with_its_phase() -> None:
    found = plan()
    assert {t.name: t.phase for t in found.terms} == {
        "weights": "always",
        "activations": "run",
        "workspace": "run",
        "inputs and outputs": "run",
        "engine code": "always",
        "CUDA context": "always",
        "engine file": "load",
        "build on the device": "build",
    }
    assert all(t.size.low <= t.size.likely <= t.size.high for t in found.terms)
    assert all(t.evidence for t in found.terms if t.name != "inputs and outputs")


def test_activations_and_workspace_are_the_region() -> None:
    found = plan()
    together = term(found, "activations").size.likely + term(found, "workspace").size.likely
    assert together == 2 * PLANE + WORKSPACE
    assert found.pools[0].arena.size == together


def test_a_workspace_may_not_be_needed() -> None:
    assert term(plan(), "workspace").size.low == 0
    assert term(plan(network("float[1,64] x", "y = Softmax (x)", {})), "workspace").size.high == 0


def test_what_runs_unfused_is_the_most() -> None:
    chain = network(IMAGE, "a = Relu (x) b = Softmax (a) c = Exp (b) y = Add (c, a)", {})
    size = term(plan(chain), "activations").size
    assert size.low == size.likely == 0
    assert size.high >= 3 * PLANE


def test_half_precision_halves_weights_and_activations() -> None:
    whole, half = plan(), plan(precision="float16")
    for name in ("weights", "activations"):
        assert term(half, name).size.likely * 2 == term(whole, name).size.likely


def test_building_is_no_part_of_the_peak() -> None:
    found = plan()
    assert found.build.likely > 0
    assert found.peak.high < found.build.low + found.build.high
    assert found.load.high >= term(found, "engine file").size.high + term(found, "CUDA context").size.high


@pytest.mark.parametrize(("old", "new"), [("8.6", "10.3")])
def test_older_releases_load_more_libraries(old: str, new: str) -> None:
    assert term(plan(release=old), "CUDA context").size.likely > term(plan(release=new), "CUDA context").size.likely


def test_the_dla_keeps_its_own_tensors() -> None:
    on_dla = plan(units=("dla", "dla", "gpu"), release="8.6")
    kept = term(on_dla, "DLA tensors").size
    assert (kept.low, kept.likely, kept.high) == (0, PLANE // 2 * 2, PLANE)
    assert [b.value for b in on_dla.pools[0].arena.buffers if b.role == "activation"] == ["b", "y"]
    assert term(on_dla, "weights").size.likely * 2 == term(plan(), "weights").size.likely
    assert "DLA tensors" not in {t.name for t in plan().terms}


@pytest.mark.parametrize(
    ("channels", "dtype", "more"),
    [(3, "float16", 28 * 28 * 2 + 64 * 9 * 2), (4, "float16", 0), (3, "float", 0), (1, "float16", 1568 + 1152)],
)
def test_odd_channels_are_padded_in_half_precision(channels: int, dtype: str, more: int) -> None:
    weights = {"w": (64, channels, 3, 3)}
    graph = network(f"{dtype}[1,{channels},28,28] x", conv("x", "y", "w", 3), weights, dtype)
    width = 2 if dtype == "float16" else 4
    assert weights_of(deployed(graph), half=False) == 64 * channels * 9 * width + more


def test_weights_that_are_only_quantised_are_stored_as_int8() -> None:
    body = """one = Constant <value_float = 0.1> () zero = Constant <value = int8 {0}> ()
        q = QuantizeLinear (w, one, zero) d = DequantizeLinear (q, one, zero) y = MatMul (x, d)"""
    graph = network("float[1,64] x", body, {"w": (64, 64)})
    assert 64 * 64 <= weights_of(deployed(graph), half=False) < 64 * 64 + 64


def test_a_convolution_of_what_is_no_image_adds_no_padding() -> None:
    values = {
        "x": Value("x", DType.FLOAT16, (3,)),
        "w": Value("w", DType.FLOAT16, (64, 3, 3, 3), True),
        "y": Value("y", DType.FLOAT16, None),
    }
    malformed = Graph("g", "onnx", (Op("c", "Conv", ("x", "w"), ("X", "W"), ("y",)),), values, ("x",), ("y",))
    assert weights_of(deployed(malformed), half=False) == 2 * 64 * 27
