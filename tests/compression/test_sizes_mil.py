"""`weight.bin` and `model.mlmodel` beside those that coremltools 9.0 wrote from random weights, through onnx2coreml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from edgeplan.compression.layers import Layer, layers_of
from edgeplan.compression.mil_program import program_size
from edgeplan.compression.mil_storage import file_size, needs_ios_18, stored_constants
from edgeplan.compression.package import NAMES
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.lower import lower_to
from edgeplan.lower.scheme import Scheme, parse_scheme
from tests.compression.test_sizes import NETWORK

# Bytes of weight.bin and of the program by iOS release and scheme.
WRITTEN: Mapping[tuple[int, str], tuple[int, int]] = {
    (16, "fp16"): (203216, 5688),
    (16, "w8"): (107792, 5966),
    (16, "palette2"): (29840, 5782),
    (16, "palette4"): (54864, 5825),
    (16, "palette8"): (105296, 5827),
    (18, "fp32"): (405920, 4773),
    (18, "fp16"): (203216, 5688),
    (18, "w8"): (106512, 5808),
    (18, "w8-tensor"): (104144, 5752),
    (18, "w4"): (56976, 5808),
    (18, "w4-block32"): (60944, 5808),
    (18, "palette1"): (17488, 5769),
    (18, "palette2"): (29840, 5778),
    (18, "palette3"): (42256, 5794),
    (18, "palette4"): (54864, 5821),
    (18, "palette6"): (79760, 5821),
    (18, "palette8"): (105296, 5823),
    (18, "palette4-group16"): (198864, 5680),
    (18, "palette2-group16"): (197968, 5680),
}

# The same, pruned: of equal magnitudes, of which float16 makes some, more goes than was asked for.
PRUNED: Mapping[tuple[int, str], tuple[int, int]] = {
    (16, "sparse50"): (116688, 5845),
    (18, "sparse50"): (116688, 5794),
    (18, "sparse50-w8"): (69520, 6883),
    (18, "sparse50-palette4"): (42640, 6900),
}


@pytest.fixture(scope="module")
def network() -> Graph:
    return parse_text(NETWORK)


def sizes(source: Graph, name: str, ios: int) -> tuple[int, int]:
    """Bytes of the two files; layers are taken as coremltools takes them."""
    scheme = parse_scheme(name)
    graph = lower_to(source, "mil", "float32" if name == "fp32" else "float16")
    stored = tuple(stored_constants(graph, scheme, [layer for layer in layers_of(graph) if fits(layer, scheme)], ios))
    return file_size(a for s in stored for a in s.arrays), program_size(graph, stored, NAMES["onnx"], ios)


def fits(layer: Layer, scheme: Scheme) -> bool:
    assert layer.channel_axis is not None
    assert layer.input_axis is not None
    axis = {"group": layer.channel_axis, "block": layer.input_axis}.get(scheme.per)
    return layer.elements > 2048 and (axis is None or layer.shape[axis] % scheme.size == 0)


@pytest.mark.parametrize(("ios", "name"), WRITTEN)
def test_weights_to_the_byte(network: Graph, ios: int, name: str) -> None:
    assert sizes(network, name, ios)[0] == WRITTEN[ios, name][0]


@pytest.mark.parametrize(("ios", "name"), PRUNED)
def test_pruned_weights(network: Graph, ios: int, name: str) -> None:
    assert sizes(network, name, ios)[0] == pytest.approx(PRUNED[ios, name][0], rel=0.004)


@pytest.mark.parametrize(("ios", "name"), [*WRITTEN, *PRUNED])
def test_programs(network: Graph, ios: int, name: str) -> None:
    written = {**WRITTEN, **PRUNED}[ios, name][1]
    assert sizes(network, name, ios)[1] == pytest.approx(written, rel=0.12)


def test_names_make_a_program_larger(network: Graph) -> None:
    graph = lower_to(network, "mil", "float16")
    stored = tuple(stored_constants(graph, parse_scheme("fp16"), (), 18))
    long = replace(NAMES["onnx"], made=lambda name: 100)
    assert program_size(graph, stored, long, 18) > program_size(graph, stored, NAMES["onnx"], 18) + 1000


def test_small_arrays_stand_in_the_program(network: Graph) -> None:
    graph = lower_to(network, "mil", "float16")
    (layer,) = (layer for layer in layers_of(graph) if layer.elements > 90_000)
    stored = {s.value.name: s for s in stored_constants(graph, parse_scheme("palette2"), [layer], 18)}
    indices, table = stored[layer.weight].arrays
    assert stored[layer.weight].op == "constexpr_lut_to_dense"
    assert (indices.bytes, indices.filed) == (24_000, True)
    assert (table.shape, table.filed) == ((1, 1, 4, 1), False)


def test_equal_zero_points_are_written_once() -> None:
    text = """g (float[1,128] x) => (float[1,128] z) <int64[2] s = {128,128}> {
        w = ConstantOfShape (s)
        v = ConstantOfShape (s)
        y = MatMul (x, w)
        z = MatMul (y, v)
    }"""
    graph = lower_to(parse_text(text), "mil", "float16")
    stored = stored_constants(graph, parse_scheme("w8"), layers_of(graph), 16)
    assert [a.port for s in stored for a in s.arrays].count("zero_point") == 1


def test_recurrent_weights_are_float32_before_ios_17() -> None:
    text = """g (float[4,1,8] x) => (float[4,1,1,32] y) <int64[3] s = {1,128,8}, int64[3] t = {1,128,32}> {
        w = ConstantOfShape (s)
        r = ConstantOfShape (t)
        y = LSTM <hidden_size = 32> (x, w, r)
    }"""
    graph = lower_to(parse_text(text), "mil", "float16")
    old, new = (
        sum(a.bytes for s in stored_constants(graph, parse_scheme("fp16"), (), ios) for a in s.arrays)
        for ios in (16, 17)
    )
    assert old > 1.9 * new


@pytest.mark.parametrize(
    ("name", "late"),
    [
        ("w8", False),
        ("w4", True),
        ("w4-block32", True),
        ("palette4", False),
        ("palette4-group16", True),
        ("palette3", True),
    ]
    + [("sparse50", False), ("sparse50-w8", True), ("sparse50-palette4", True)],
)
def test_forms_that_ios_18_brought(name: str, late: bool) -> None:
    assert needs_ios_18(parse_scheme(name)) is late


def test_no_file_without_arrays() -> None:
    assert file_size(()) == 0
