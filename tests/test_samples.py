"""Real models from end to end: the samples, and the networks and operator models that come with onnx."""

from __future__ import annotations

import contextlib
from math import prod
from pathlib import Path

import onnx.backend.test
import pytest

import edgeplan
from edgeplan.graph import DType, Graph

ROOT = Path(__file__).resolve().parent.parent
LIGHT = Path(onnx.backend.test.__file__).parent / "data" / "light"
TARGETS = ("iphone14pro", "jetson-orin-nano", "pixel8", "galaxys24")

BINDINGS: dict[str, dict[str, dict[str, object]]] = {
    "basic_pitch": {"dims": {"unk__749": 1}},
    "blazeface_front_128": {},
    "magika_v3_3": {"dims": {"unk__214": 1}},
    "mlsd_tiny_320": {},
    "ppocr_v4_det": {"inputs": {"x": (1, 3, 640, 640)}},
    "silero_vad": {"inputs": {"input": (1, 512), "state": (2, 1, 128)}, "values": {"sr": 16000}},
}


TFLITE_BINDINGS: dict[str, dict[str, dict[str, object]]] = {"basic_pitch": {"dims": {"batch": 1}}, "hey_jarvis": {}}

TFLITE_TARGETS = ("pixel8", "galaxys24", "raspberry-pi-5-8gb", "iphone14pro")


def unsized(graph: Graph) -> list[str]:
    """Values that an op makes and whose size is not known."""
    made = (owner.values[o] for owner, op in graph.walk() for o in op.outputs)
    return [v.name for v in made if v.bytes is None and v.dtype is not DType.STRING]


@pytest.mark.parametrize("name", BINDINGS)
def test_every_size_of_a_bound_sample_is_known(name: str) -> None:
    assert unsized(edgeplan.load(ROOT / "samples" / f"{name}.onnx", **BINDINGS[name])) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", BINDINGS)
def test_a_bound_sample_is_planned_whole(name: str, target: str) -> None:
    plan = edgeplan.analyze(ROOT / "samples" / f"{name}.onnx", target, **BINDINGS[name])  # type: ignore[arg-type]
    assert plan.complete
    assert all(p.arena.size >= p.arena.bound > 0 for p in plan.memory.pools)
    assert sum(u.ops for u in plan.units) == len(plan.ops)
    assert sorted(i for s in plan.segments for i in s.ops) == list(range(len(plan.ops)))


@pytest.mark.parametrize("target", TFLITE_TARGETS)
@pytest.mark.parametrize("name", TFLITE_BINDINGS)
def test_a_bound_tflite_sample_is_planned_whole(name: str, target: str) -> None:
    path = ROOT / "samples" / f"{name}.tflite"
    assert unsized(edgeplan.load(path, **TFLITE_BINDINGS[name])) == []  # type: ignore[arg-type]
    plan = edgeplan.analyze(path, target, **TFLITE_BINDINGS[name])  # type: ignore[arg-type]
    assert plan.complete
    assert (plan.target.backend, len(plan.ops)) == ("tflite", plan.model.ops)
    assert all(p.arena.size >= p.arena.bound > 0 for p in plan.memory.pools)


def test_one_network_in_two_formats_has_one_size_and_one_amount_of_work() -> None:
    """Basic Pitch as its authors published it, exported to ONNX and to TFLite from one saved model.

    Parameters and MACs are equal, convolution by convolution. What differs is around them and contracts nothing: the
    ONNX file has 248 ops in NCHW, with Unsqueeze and Reshape around the convolutions in one dimension; the TFLite file
    222 in NHWC, with more TRANSPOSEs for it, and MIRROR_PAD, EXPAND_DIMS, PACK and SHAPE where ONNX has Pad and Slice.
    """
    work: dict[str, tuple[int | None, int | None]] = {}
    each: dict[str, list[int]] = {}
    for kind, bindings in (("onnx", BINDINGS), ("tflite", TFLITE_BINDINGS)):
        path = ROOT / "samples" / f"basic_pitch.{kind}"
        plan = edgeplan.analyze(path, "pixel8", **bindings["basic_pitch"])  # type: ignore[arg-type]
        assert plan.target.backend == "tflite"
        work[kind] = (plan.model.parameters, plan.model.macs)
        each[kind] = sorted(op.macs for op in plan.ops if op.macs)
    assert work["onnx"] == work["tflite"] == (35_736, 524_079_648)
    assert each["onnx"] == each["tflite"]


def test_no_sample_lies_here_untested() -> None:
    assert {p.stem for p in (ROOT / "samples").glob("*.onnx")} == set(BINDINGS)
    assert {p.stem for p in (ROOT / "samples").glob("*.tflite")} == set(TFLITE_BINDINGS)


# Learned parameters and contraction MACs as published for the networks: torchvision's table for ResNet-50, the papers'
# layer tables for the others. The weights of these models are made by ConstantOfShape.
@pytest.mark.parametrize(
    ("name", "parameters", "macs"),
    [
        ("light_resnet50", 25_557_032, 4_089_184_256),
        ("light_squeezenet", 1_235_496, 349_151_936),
        ("light_vgg19", 143_667_240, 19_632_062_464),
        ("light_bvlc_alexnet", 60_965_224, 654_560_384),
    ],
)
def test_parameters_and_macs_of_known_networks(name: str, parameters: int, macs: int) -> None:
    for target in ("iphone14pro", "jetson-orin-nano"):
        plan = edgeplan.analyze(LIGHT / f"{name}.onnx", target)
        assert (plan.model.parameters, plan.model.macs) == (parameters, macs)


@pytest.mark.parametrize("shard", range(8))
def test_operator_models_are_planned_or_refused(shard: int) -> None:
    models = sorted((LIGHT.parent).glob("*/*/model.onnx"))[shard::8]
    assert models
    for path in models:
        for target in ("iphone14pro", "jetson-orin-nano"):
            with contextlib.suppress(edgeplan.ModelError):
                plan = edgeplan.analyze(path, target)
                assert all(b.size > 0 for p in plan.memory.pools for b in p.arena.buffers)


def test_weights_halve_on_core_ml() -> None:
    path = ROOT / "samples" / "mlsd_tiny_320.onnx"
    stored = sum(prod(t.dims) * 4 for t in onnx.load(path).graph.initializer if t.data_type == 1)
    phone, board = (edgeplan.analyze(path, t).memory.weights for t in ("iphone14pro", "jetson-orin-nano"))
    assert board == pytest.approx(stored, rel=0.001)
    assert phone == pytest.approx(stored / 2, rel=0.001)
