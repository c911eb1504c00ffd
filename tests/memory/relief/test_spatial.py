from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType, Value
from edgeplan.lower import lower_to
from edgeplan.memory.relief.spatial import image_axes, powers, scaled_shape


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((1, 3, 224, 224), (2, 3)),
        ((1, 224, 224, 3), (1, 2)),
        ((3, 300, 400), (1, 2)),
        ((300, 400, 3), (0, 1)),
        ((8, 1, 32, 100), (2, 3)),
        ((1, 80, 3000), None),
        ((1, 12, 128, 64), None),
        ((1, 3, 4, 4), None),
        ((1, 512), None),
        ((1, 3, "H", "W"), None),
    ],
)
def test_images_are_told_by_their_shape(shape: tuple[int | str, ...], axes: tuple[int, int] | None) -> None:
    assert image_axes(Value("x", DType.FLOAT32, shape)) == axes


def followed(text: str, dialect: str = "onnx") -> dict[str, tuple[int, ...]]:
    graph = parse_text(text)
    return powers(graph if dialect == "onnx" else lower_to(graph, dialect))


def test_maps_follow_the_image_until_they_are_pooled_away() -> None:
    found = followed(
        """g (float[1,3,32,64] x) => (y) <int64[4] s = {16, 3, 3, 3}, int64[2] t = {16, 10}> {
            w = ConstantOfShape (s)
            a = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w)
            b = Relu (a)
            m = GlobalAveragePool (b)
            f = Flatten (m)
            v = ConstantOfShape (t)
            y = MatMul (f, v)
        }"""
    )
    assert found == {"x": (0, 0, 1, 1), "a": (0, 0, 1, 1), "b": (0, 0, 1, 1)}


def test_attention_over_patches_grows_with_the_fourth_power() -> None:
    found = followed(
        """g (float[1,3,64,64] x) => (y)
        <int64[4] s = {32, 3, 8, 8}, int64[3] flat = {1, 32, 64}, int64[2] t = {32, 32}> {
            w = ConstantOfShape (s)
            a = Conv <strides = [8, 8]> (x, w)
            b = Reshape (a, flat)
            c = Transpose <perm = [0, 2, 1]> (b)
            v = ConstantOfShape (t)
            q = MatMul (c, v)
            k = Transpose <perm = [0, 2, 1]> (q)
            scores = MatMul (q, k)
            p = Softmax <axis = 2> (scores)
            y = MatMul (p, q)
        }"""
    )
    assert found["b"] == (0, 0, 2)
    assert found["c"] == found["q"] == found["y"] == (0, 2, 0)
    assert found["scores"] == found["p"] == (0, 2, 2)


def test_windows_keep_their_size_and_become_fewer() -> None:
    found = followed(
        """g (float[1,56,56,3] x) => (y)
        <int64[6] parts = {1, 8, 7, 8, 7, 3}, int64[3] tokens = {64, 49, 3}, int64[4] back = {1, 56, 56, 3}> {
            a = Reshape (x, parts)
            b = Transpose <perm = [0, 1, 3, 2, 4, 5]> (a)
            c = Reshape (b, tokens)
            d = Relu (c)
            e = Reshape (d, parts)
            y = Reshape (e, back)
        }"""
    )
    assert found["c"] == found["d"] == (2, 0, 0)
    assert found["a"] == (0, 1, 0, 1, 0, 0)


def test_a_group_norm_gives_channels_and_sides_back_as_they_were() -> None:
    found = followed(
        """g (float[1,4,16,32] x) => (y) <int64[3] groups = {1, 2, 1024}, int64[4] back = {1, 4, 16, 32}> {
            a = Reshape (x, groups)
            b = Relu (a)
            y = Reshape (b, back)
        }"""
    )
    assert found["b"] == (0, 0, 2)
    assert found["y"] == (0, 0, 1, 1)


@pytest.mark.parametrize("dialect", ["mil", "tflite"])
def test_other_dialects_are_followed_too(dialect: str) -> None:
    text = """g (float[1,3,32,64] x) => (y) <int64[4] s = {16, 3, 3, 3}> {
        w = ConstantOfShape (s)
        a = Conv <pads = [1, 1, 1, 1]> (x, w)
        y = Relu (a)
    }"""
    found = followed(text, dialect)
    assert sorted(found["y"]) == [0, 0, 1, 1]


def test_scaled_sizes_are_rounded_up() -> None:
    value = Value("x", DType.FLOAT32, (1, 3, 7, 7))
    assert scaled_shape(value, (0, 0, 1, 1), 0.5) == (1, 3, 4, 4)
    assert scaled_shape(value, (0, 2, 0, 4), 0.5) == (1, 1, 7, 1)
