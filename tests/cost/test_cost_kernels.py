from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeplan.cost.flow import Flow, precision_of
from edgeplan.cost.kernels import Kernel, kernels_of
from edgeplan.cost.unit_speed import Speeds
from edgeplan.cost.work import work_of
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType
from edgeplan.target import Target

Given = Callable[..., None]
Toy = Callable[..., Target]


def kernels(text: str, target: Target, unit: str = "npu") -> list[Kernel]:
    graph = parse_text(text)
    work = [work_of(graph, op) for op in graph.ops]
    found = kernels_of(Flow(graph, work, target.precision), [unit] * len(graph.ops), Speeds(target))
    assert found is not None
    return found


CONV_RELU_ADD = """g (float[1,8,10,10] x, float[1,16,10,10] r) => (float[1,16,10,10] y) <int64[4] s = {16,8,1,1}> {
    w = ConstantOfShape (s)
    c = Conv (x, w)
    a = Relu (c)
    y = Add (a, r)
}"""


def test_what_a_unit_fuses_joins_the_kernel_it_reads(toy: Toy, given: Given) -> None:
    given()
    (kernel,) = kernels(CONV_RELU_ADD, toy())
    assert (kernel.family, kernel.macs, kernel.weights) == ("pointwise", 12800, 512)
    assert sorted(kernel.values) == [3200, 6400, 6400]  # x; r and y; what lies between is not written


def test_a_unit_that_fuses_nothing_runs_every_op(toy: Toy, given: Given) -> None:
    given(fuses=[])
    found = kernels(CONV_RELU_ADD, toy())
    assert [k.family for k in found] == ["pointwise", "activation", "arithmetic"]
    assert [sum(k.values) for k in found] == [9600, 12800, 19200]


def test_a_value_that_others_read_is_written_and_keeps_its_reader_out(toy: Toy, given: Given) -> None:
    given()
    text = "g (float[100] x) => (float[100] y) { a = Relu (x) b = Softmax (a) y = Add (a, b) }"
    found = kernels(text, toy())
    assert [k.family for k in found] == ["activation", "softmax", "arithmetic"]
    assert [sum(k.values) for k in found] == [800, 800, 1200]


def test_regions_of_cheap_ops_become_one_kernel(toy: Toy, given: Given) -> None:
    text = "g (float[100] x) => (float[100] y, float[100] z) { a = Relu (x) y = Neg (a) z = Exp (a) }"
    given()
    assert len(kernels(text, toy())) == 3
    given(regions=True)
    (kernel,) = kernels(text, toy())
    assert kernel.values == [400, 400, 400]


def test_views_move_nothing_and_pass_their_source_on(toy: Toy, given: Given) -> None:
    given()
    text = "g (float[4,8] x) => (float[32] y) <int64[1] s = {32}> { a = Neg (x) b = Reshape (a, s) y = Relu (b) }"
    (kernel,) = kernels(text, toy())
    assert kernel.ops == [0, 2]


def test_channels_are_rounded_up_to_what_the_unit_works_on(toy: Toy, given: Given) -> None:
    given(align={"input": 32, "output": 32, "row": 64})
    (kernel,) = kernels(CONV_RELU_ADD, toy())
    assert kernel.aligned == 12800 * (32 / 8) * (32 / 16)
    assert sorted(kernel.values) == [5120, 10240, 10240]  # rows of 40 bytes take 64


@pytest.mark.parametrize(("packed", "depth"), [(0, 8 * 9), (3, 8 * 9), (4, 40)])
def test_few_input_channels_fill_a_unit_with_the_taps_of_the_filter(
    toy: Toy, given: Given, packed: int, depth: int
) -> None:
    given(align={"input": 8, "packed": packed})
    text = """g (float[1,4,10,10] x) => (float[1,16,8,8] y) <int64[4] s = {16,4,3,3}> {
        w = ConstantOfShape (s)
        y = Conv (x, w)
    }"""
    (kernel,) = kernels(text, toy())
    assert kernel.macs == 16 * 64 * 4 * 9
    assert kernel.aligned == 16 * 64 * depth


def test_floats_take_what_the_unit_holds_them_in(toy: Toy, given: Given) -> None:
    given(bits=16)
    (kernel,) = kernels(CONV_RELU_ADD, toy())
    assert (kernel.weights, sorted(kernel.values)) == (256, [1600, 3200, 3200])
    given(precision=["float16"])
    half = toy(precision="float16")
    assert sum(kernels(CONV_RELU_ADD, half)[0].values) == 8000


def test_a_lookup_reads_what_it_hands_on(toy: Toy, given: Given) -> None:
    given()
    text = """g (int64[3] i) => (float[3,8] y) <int64[2] s = {1000,8}> {
        w = ConstantOfShape (s)
        y = Gather (w, i)
    }"""
    (kernel,) = kernels(text, toy())
    assert kernel.weights == 96


def test_open_sizes_give_no_kernels(toy: Toy, given: Given) -> None:
    given()
    graph = parse_text("g (float[n] x) => (float[n] y) { y = Relu (x) }")
    target = toy()
    assert kernels_of(Flow(graph, [work_of(graph, graph.ops[0])], "model"), ["npu"], Speeds(target)) is None


@pytest.mark.parametrize(
    ("dtype", "computed", "wanted"),
    [
        (DType.FLOAT32, "model", "float32"),
        (DType.FLOAT32, "float16", "float16"),
        (DType.FLOAT16, "model", "float16"),
        (DType.UINT8, "float16", "int8"),
        (DType.INT16, "model", "int16"),
        (DType.INT64, "model", ""),
        (DType.BOOL, "model", ""),
        (None, "model", ""),
    ],
)
def test_the_precision_of_a_value(dtype: DType | None, computed: str, wanted: str) -> None:
    assert precision_of(dtype, computed) == wanted


def test_what_stands_between_dequantize_and_quantize_computes_in_bytes(toy: Toy, given: Given) -> None:
    given(precision=["int8", "float32"])
    text = """g (float[1,8,10,10] x) => (float[1,16,10,10] y) <int64[4] s = {16,8,1,1}, float f = {0.1}, int8 z = {0}> {
        q = ConstantOfShape <value = int8[1] {1}> (s)
        w = DequantizeLinear (q, f, z)
        a = QuantizeLinear (x, f, z)
        b = DequantizeLinear (a, f, z)
        c = Conv (b, w)
        d = QuantizeLinear (c, f, z)
        y = DequantizeLinear (d, f, z)
    }"""
    found = kernels(text, toy())
    assert [(k.family, k.precision) for k in found] == [("cast", "int8"), ("pointwise", "int8")]
    conv = found[1]
    assert sorted(conv.values) == [800, 1600]
    assert 128 <= conv.weights <= 160


@pytest.mark.parametrize(
    "tail",
    [
        "a = Sigmoid (c) y = Mul (c, a)",
        "a = Softplus (c) b = Tanh (a) y = Mul (c, b)",
        "a = Neg (c) b = Exp (a) d = Abs (b) y = Mul (c, d)",
    ],
)
def test_an_activation_written_out_is_fused_whole(toy: Toy, given: Given, tail: str) -> None:
    given()
    text = f"""g (float[1,8,10,10] x) => (float[1,16,10,10] y) <int64[4] s = {{16,8,1,1}}> {{
        w = ConstantOfShape (s)
        c = Conv (x, w)
        {tail}
    }}"""
    (kernel,) = kernels(text, toy())
    assert sorted(kernel.values) == [3200, 6400]


def test_a_unit_without_gates_runs_an_activation_written_out_apart(toy: Toy, given: Given) -> None:
    text = "g (float[100] x) => (float[100] y) { c = Neg (x) a = Sigmoid (c) y = Mul (c, a) }"
    given()
    assert len(kernels(text, toy())) == 1
    given(gates=False)
    assert [k.ops for k in kernels(text, toy())] == [[0], [1, 2]]
