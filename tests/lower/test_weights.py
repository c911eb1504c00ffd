from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Op, Value
from edgeplan.lower import lower_to
from edgeplan.lower.weights import Role, channel_axes, is_stored, role_of


def op(kind: str, **attrs: int) -> Op:
    return Op("op", kind, (), (), (), attrs)


@pytest.mark.parametrize(
    ("kind", "port", "rank", "attrs", "axes"),
    [
        ("Conv", "W", 4, {}, (0, 1)),
        ("ConvTranspose", "W", 4, {}, (1, 0)),
        ("Gemm", "B", 2, {}, (1, 0)),
        ("Gemm", "B", 2, {"transB": 1}, (0, 1)),
        ("Gemm", "A", 2, {}, (0, 1)),
        ("MatMul", "B", 3, {}, (2, 1)),
        ("MatMul", "A", 3, {}, (1, 2)),
        ("LSTM", "W", 3, {}, (1, 2)),
        ("conv", "weight", 4, {}, (0, 1)),
        ("conv_transpose", "weight", 4, {}, (1, 0)),
        ("linear", "weight", 2, {}, (0, 1)),
        ("matmul", "y", 2, {}, (1, 0)),
        ("matmul", "y", 2, {"transpose_y": 1}, (0, 1)),
        ("matmul", "x", 2, {}, (0, 1)),
        ("matmul", "x", 2, {"transpose_x": 1}, (1, 0)),
        ("gather", "x", 2, {}, (0, 1)),
        ("CONV_2D", "filter", 4, {}, (0, 3)),
        ("DEPTHWISE_CONV_2D", "filter", 4, {}, (3, 0)),
        ("TRANSPOSE_CONV", "weights", 4, {}, (0, 3)),
        ("FULLY_CONNECTED", "filter", 2, {}, (0, 1)),
        ("BATCH_MATMUL", "y", 3, {}, (2, 1)),
        ("BATCH_MATMUL", "y", 3, {"adj_y": 1}, (1, 2)),
    ],
)
def test_output_and_input_channels(
    kind: str, port: str, rank: int, attrs: dict[str, int], axes: tuple[int, int]
) -> None:
    assert channel_axes(op(kind, **attrs), port, rank) == axes


@pytest.mark.parametrize(
    ("kind", "port", "shape", "role"),
    [
        ("Conv", "W", (8, 8, 3, 3), "weight"),
        ("Conv", "B", (8,), "bias"),
        ("MatMul", "B", (8, 8), "weight"),
        ("LSTM", "B", (1, 64), "bias"),
        ("LSTM", "R", (1, 32, 8), "weight"),
        ("lstm", "initial_h", (1, 8), "value"),
        ("Gather", "data", (500, 64), "table"),
        ("Gather", "indices", (2, 2), "value"),
        ("Add", "B", (8, 8), "value"),
        ("LayerNormalization", "Scale", (8,), "scale"),
        ("linear", "bias", (8,), "bias"),
    ],
)
def test_what_a_constant_is_to_its_reader(kind: str, port: str, shape: tuple[int, ...], role: Role) -> None:
    assert role_of(op(kind), port, Value("v", None, shape, const=True)) == role


def test_a_converter_to_mil_computes_what_depends_on_constants_alone() -> None:
    text = """g (float[1,8] x) => (float[1,4] y)
    <int64[2] s = {4,8}> { w = ConstantOfShape (s) t = Transpose (w) y = MatMul (x, t) }"""
    for dialect in ("onnx", "mil"):
        graph = lower_to(parse_text(text), dialect)
        assert not is_stored(graph, "x")
        weights = [n for n, v in graph.values.items() if v.const and v.sizes in ((4, 8), (8, 4))]
        assert any(is_stored(graph, n) for n in weights)
