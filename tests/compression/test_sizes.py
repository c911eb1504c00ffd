"""Which file each backend's users download, and how large it is under a scheme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from edgeplan.compression.layers import Layer, layers_of
from edgeplan.compression.package import package_size
from edgeplan.compression.sizes import download_size
from edgeplan.frontends import load_model
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.lower.scheme import Scheme, parse_scheme
from edgeplan.memory.range import Range
from edgeplan.place.lowered import lower_for
from edgeplan.target import Target, resolve

SAMPLES = Path(__file__).parents[2] / "samples"

NETWORK = """g (float[1,3,32,32] x) => (float[1,1000] z)
<int64[4] sa = {32,3,3,3}, int64[1] sb = {32}, int64[4] sc = {32,1,3,3}, int64[4] sd = {96,32,1,1}, int64[1] se = {96},
 int64[2] sf = {96,1000}, int64[1] sg = {1000}> {
    wa = ConstantOfShape (sa)
    ba = ConstantOfShape (sb)
    wc = ConstantOfShape (sc)
    wd = ConstantOfShape (sd)
    bd = ConstantOfShape (se)
    wf = ConstantOfShape (sf)
    bf = ConstantOfShape (sg)
    first = Conv <pads = [1,1,1,1]> (x, wa, ba)
    second = Relu (first)
    third = Conv <pads = [1,1,1,1], group = 32> (second, wc)
    fourth = Conv (third, wd, bd)
    gap = GlobalAveragePool (fourth)
    flat = Flatten (gap)
    fc = MatMul (flat, wf)
    z = Add (fc, bf)
}"""

LEAST = {"coreml": 2049, "tflite": 1}


def size(graph: Graph, target: Target, name: str, least: int = 1) -> Range:
    """The download of a source graph, all layers of so many elements taken."""
    lowered = lower_for(graph, target)
    taken = [layer for layer in layers_of(lowered) if layer.elements >= least]
    return download_size(lowered, target, parse_scheme(name), taken)


# Bytes of packages by coremltools 9.0 and onnx2coreml 1.1.0, of the network with random weights.
PACKAGES: Mapping[tuple[str, str], int] = {
    ("iOS 16", "fp16"): 209521,
    ("iOS 16", "w8"): 114375,
    ("iOS 16", "palette4"): 61306,
    ("iOS 16", "sparse50"): 123150,
    ("iOS 18", "fp32"): 411310,
    ("iOS 18", "fp16"): 209521,
    ("iOS 18", "w8"): 112937,
    ("iOS 18", "w4"): 63401,
    ("iOS 18", "palette2"): 36235,
    ("iOS 18", "palette8"): 111736,
    ("iOS 18", "sparse50-w8"): 77020,
    ("iOS 18", "sparse50-palette4"): 50157,
}


@pytest.mark.parametrize(("release", "scheme"), PACKAGES)
def test_a_package_is_within_its_range(release: str, scheme: str) -> None:
    made = size(parse_text(NETWORK), resolve("iphone14pro", "coreml", release), scheme, LEAST["coreml"])
    assert made.low <= PACKAGES[release, scheme] <= made.high


def test_float32_is_twice_float16() -> None:
    target = resolve("iphone14pro", "coreml", "iOS 18")
    wide, half = (size(parse_text(NETWORK), target, name).likely for name in ("fp32", "fp16"))
    assert 1.9 < wide / half < 2


def test_a_bias_that_two_ops_share_may_become_two() -> None:
    text = """g (float[1,96] x) => (float[1,96] z) <int64[2] s = {96,96}, int64[1] b = {96}> {
        w = ConstantOfShape (s)
        v = ConstantOfShape (s)
        c = ConstantOfShape (b)
        y = Gemm (x, w, c)
        z = Gemm (y, v, c)
    }"""
    apart = text.replace("c = ConstantOfShape (b)", "c = ConstantOfShape (b)\n d = ConstantOfShape (b)")
    target = resolve("iphone14pro", "coreml", "iOS 18")
    shared, own = (
        size(parse_text(t), target, "fp16") for t in (text, apart.replace("z = Gemm (y, v, c)", "z = Gemm (y, v, d)"))
    )
    assert shared.likely < own.likely <= shared.high


def test_quantised_activations_add_ops() -> None:
    target = resolve("iphone14pro", "coreml", "iOS 18")
    weights, both = (size(parse_text(NETWORK), target, name, LEAST["coreml"]) for name in ("w8", "w8a8"))
    assert both.low > weights.low
    assert both.high > both.likely > weights.likely


def test_a_neural_network_holds_float32() -> None:
    target = resolve("iphone11pro", "coreml", "iOS 14")
    elements = 32 * 27 + 32 + 32 * 9 + 96 * 32 + 96 + 96 * 1000 + 1000
    made = size(parse_text(NETWORK), target, "fp32")
    assert 4 * elements < made.likely < 4 * elements + 2000
    assert size(parse_text(NETWORK), target, "w8", LEAST["coreml"]).high < made.low / 3


def test_a_sparsity_between_tens() -> None:
    target = resolve("iphone14pro", "coreml", "iOS 18")
    lowered = lower_for(parse_text(NETWORK), target)
    taken: list[Layer] = [layer for layer in layers_of(lowered) if layer.elements > 2048]
    scheme: Scheme = replace(parse_scheme("sparse70"), sparsity=0.75)
    made = package_size(lowered, scheme, taken, 18)
    assert made.low <= 73563 <= made.high  # measured as those above


# Bytes of files by AI Edge Quantizer 0.10 from samples/basic_pitch.tflite; of the sample itself.
TFLITE: Mapping[str, int] = {"fp32": 204448, "w8": 97832, "w4": 80176, "w8a8": 136160, "w8a16": 138184}


@pytest.mark.parametrize("scheme", TFLITE)
def test_a_tflite_file_is_within_its_range(scheme: str) -> None:
    made = size(load_model(SAMPLES / "basic_pitch.tflite").graph, resolve("pixel7", "tflite"), scheme)
    assert made.low <= TFLITE[scheme] <= made.high


@pytest.mark.parametrize(
    ("scheme", "measured"),
    [("fp32", 2514194), ("w8a8", 908049), ("w8a16", 912815)],  # onnxruntime 1.31.1, QDQ per channel
)
def test_an_onnx_file_is_within_its_range(scheme: str, measured: int) -> None:
    graph = load_model(SAMPLES / "mlsd_tiny_320.onnx").graph
    made = size(graph, resolve("iphone14pro", "onnxruntime-coreml"), scheme)
    assert made.low <= measured <= made.high


@pytest.mark.parametrize(("device", "backend"), [("jetson-orin-nano", "tensorrt"), ("snapdragon-8-gen3", "qnn")])
def test_engines_and_context_binaries_hold_the_weights(device: str, backend: str) -> None:
    target, graph = resolve(device, backend), parse_text(NETWORK)
    half, eight = (size(graph, target, name) for name in ("fp16", "w8a8"))
    assert eight.low < eight.likely < eight.high
    assert eight.likely < half.likely
