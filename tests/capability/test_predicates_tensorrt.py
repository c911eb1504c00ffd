"""The TensorRT predicates where a dimension, a type or a constant is not known, and at the edges rows do not show."""

from __future__ import annotations

import pytest

from edgeplan.capability.predicates import PREDICATES
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType, Op, Shape, Value


def value(shape: Shape, dtype: DType | None = DType.FLOAT16, *, const: bool = False, data: object = None) -> Value:
    return Value("v", dtype, shape, const, data)  # type: ignore[arg-type]


def ask(name: str, kind: str, ports: str, *inputs: Value, out: Value | None = None, **attrs: object) -> bool | None:
    op = Op("op", kind, ("v",) * len(inputs), tuple(ports.split()), ("y",), attrs, version=23)  # type: ignore[arg-type]
    return PREDICATES[name](op, inputs, (out or value((1,)),))


def attention(q: Shape, k: Shape, dtype: DType = DType.FLOAT16, **attrs: object) -> bool | None:
    return ask("attention_without_kernel", "Attention", "Q K V", *(value(s, dtype) for s in (q, k, k)), **attrs)


@pytest.mark.parametrize(
    ("q", "k", "dtype", "attrs", "truth"),
    [
        ((1, 8, 128, 64), (1, 8, 128, 64), DType.FLOAT32, {}, True),
        ((1, 8, 128, 64), (1, 8, 128, 64), DType.BFLOAT16, {}, False),
        ((1, 8, "S", 64), (1, 8, "S", 64), DType.FLOAT16, {}, False),
        ((1, 8, 128, "H"), (1, 8, 128, "H"), DType.FLOAT16, {}, None),
        ((1, 8, 128, 9), (1, 8, 128, 9), DType.FLOAT16, {}, False),
        ((1, 8, 128, 8), (1, 8, 128, 8), DType.FLOAT16, {}, True),
        ((1, 8, 128, 257), (1, 8, 128, 257), DType.FLOAT16, {}, True),
        ((1, 3, 1, 64), (1, 3, 128, 64), DType.FLOAT16, {}, True),
        ((1, 4, 1, 64), (1, 4, 128, 64), DType.FLOAT32, {}, False),
        ((2, 2, 1, 64), (2, 2, 128, 64), DType.FLOAT32, {}, False),
        (("N", 8, 128, 64), (1, 8, 128, 64), DType.FLOAT16, {}, True),
        ((1, 128, 64), (1, 128, 64), DType.FLOAT32, {"q_num_heads": 4, "kv_num_heads": 4}, False),
        ((1, 128, 64), (1, 128, 32), DType.FLOAT32, {"q_num_heads": 4, "kv_num_heads": 2}, True),
        (None, None, DType.FLOAT16, {}, None),
    ],
)
def test_attention_finds_its_kernel(q: Shape, k: Shape, dtype: DType, attrs: dict[str, object], truth: bool | None):
    assert attention(q, k, dtype, **attrs) is truth


@pytest.mark.parametrize(
    ("channels", "width", "kernel", "dtype", "truth"),
    [
        (512, 160, (3, 3), DType.FLOAT16, False),  # 1 bank of weights, 15 of data
        (512, 176, (3, 3), DType.FLOAT16, True),  # 1 and 17
        (512, 176, (3, 3), DType.INT8, False),
        ("C", 176, (3, 3), DType.FLOAT16, None),
        (64, 64, (32, 32), DType.FLOAT16, False),  # 4 and 8
    ],
)
def test_convolution_buffer(
    channels: int | str, width: int, kernel: tuple[int, int], dtype: DType, truth: bool | None
) -> None:
    x, w = value((1, channels, 64, width), dtype), value((8, channels, *kernel), dtype)
    assert ask("convolution_exceeds_buffer", "Conv", "X W", x, w) is truth


@pytest.mark.parametrize(
    ("size", "attrs", "truth"),
    [
        (33, {"pads": (1, 1), "kernel_shape": (2,), "strides": (4,), "ceil_mode": 1}, True),  # 3 more behind
        (33, {"pads": (1, 1), "kernel_shape": (2,), "strides": (1,), "ceil_mode": 1}, False),
        ("L", {"pads": (1, 1), "kernel_shape": (2,), "strides": (4,), "ceil_mode": 1}, False),
        (33, {"kernel_shape": (2,), "auto_pad": "SAME_UPPER"}, False),
    ],
)
def test_padding_of_averages(size: int | str, attrs: dict[str, object], truth: bool) -> None:
    assert ask("pads_whole_window", "AveragePool", "X", value((1, 4, size)), **attrs) is truth


def test_what_is_not_known_is_not_decided() -> None:
    unknown, matrix = value(None), value((2, 3))
    assert ask("vector_times_batch", "MatMul", "A B", unknown, matrix) is None
    assert ask("vector_times_batch", "MatMul", "A B", value((3,)), value(("N", 3, 2))) is None
    assert ask("channels_unknown", "ConvTranspose", "X", unknown) is None
    assert ask("ranks_differ", "Equal", "A B", unknown, matrix) is None
    assert ask("key_and_value_differ", "Attention", "Q K V", matrix, unknown, matrix) is None
    assert ask("softmax_too_long", "Softmax", "input", unknown) is None
    assert ask("softmax_too_long", "Softmax", "input", value((1, "C", 8, 8)), axis=1) is None
    assert ask("cuts_first_axis", "Slice", "data", value(("N", 3)), out=value((1, 3))) is None
    assert ask("kernel_longer_than_32", "Conv", "X", unknown) is None
    assert ask("padding_reaches_kernel", "Conv", "X W", unknown, unknown, pads=(1, 1)) is None
    assert ask("scales_beyond_two_axes", "Resize", "X scales", matrix, value((2,), const=True)) is None
    assert ask("scales_outside_image", "Resize", "X scales", matrix, value((4,))) is None
    assert ask("rotation_of_unknown_size", "RotaryEmbedding", "X cos_cache", unknown, matrix) is None
    assert ask("lengths_with_batch_first", "LSTM", "X sequence_lens", value(("N", "S", 8)), matrix, layout=1) is None


def test_scales_by_axes_and_computed_ones_are_let_through() -> None:
    x, scales = value((1, 3, 8, 8)), value((2,), const=True, data=(2.0, 2.0))
    assert ask("scales_beyond_two_axes", "Resize", "X scales", x, scales, axes=(1, 2)) is False
    assert ask("scales_beyond_two_axes", "Resize", "X scales", x, value((4,))) is False


def test_int8_goes_to_dequantization() -> None:
    weight = value((4,), DType.INT8, const=True)
    assert ask("int8_constant", "Gather", "data indices", weight, value((2,), DType.INT64)) is True
    assert ask("int8_constant", "DequantizeLinear", "x x_scale", weight, value(())) is False
    assert ask("int8_constant", "CastLike", "input target_type", value((4,)), weight) is False


@pytest.mark.parametrize(
    ("domain", "kind", "truth"), [("com.acme", "Foo", True), ("TRT", "EfficientNMS_TRT", False), ("", "Foo", False)]
)
def test_foreign_operators(domain: str, kind: str, truth: bool) -> None:
    op = Op("op", kind, (), (), (), {}, domain)
    assert PREDICATES["foreign_operator"](op, (), ()) is truth


def test_branches_of_unknown_rank() -> None:
    graph = parse_text(
        "g (float[4] x, bool c) => (y) { y = If (c) <then_branch = t () => (a) { a = com.acme.Foo (x) },"
        " else_branch = e () => (float[4] b) { b = Neg (x) }> }"
    )
    op = next(o for o in graph.ops if o.type == "If")
    inputs = tuple(graph.values[n] for n in op.inputs)
    assert PREDICATES["ranks_of_branches_differ"](op, inputs, ()) is None
