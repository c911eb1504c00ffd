"""Elementwise arithmetic."""

import pytest

CASES = {
    "add broadcasts": (
        "g (float[2,1,4] x, float[3,1] z) => (float[2,3,4] y) { y = Add (x, z) }",
        ["add x:2x1x4 y:3x1 -> float32[2x3x4]"],
    ),
    "division by a constant is a product": (
        "g (float[2,4] x) => (float[2,4] y) <float d = {8}> { y = Div (x, d) }",
        ["mul x:2x4 y:scalar -> float32[2x4]"],
    ),
    "division by zero stays one": (
        "g (float[2,4] x) => (float[2,4] y) <float d = {0}> { y = Div (x, d) }",
        ["real_div x:2x4 y:scalar -> float32[2x4]"],
    ),
    "division of tensors": (
        "g (float[2,4] x, float[4] z) => (float[2,4] y) { y = Div (x, z) }",
        ["real_div x:2x4 y:4 -> float32[2x4]"],
    ),
    "division of integers": (
        "g (int64[2,4] x, int64[4] z) => (int64[2,4] y) { y = Div (x, z) }",
        ["floor_div x:2x4 y:4 -> int32[2x4]"],
    ),
    "an integer exponent is brought to the base's type": (
        "g (float[2,4] x) => (float[2,4] y) <int64 e = {2}> { y = Pow (x, e) }",
        ["pow x:2x4 y:scalar -> float32[2x4]"],
    ),
    "a remainder of three ops": (
        "g (int64[2,4] x, int64[4] z) => (int64[2,4] y) { y = Mod (x, z) }",
        ["floor_div x:2x4 y:4 -> int32[2x4]", "mul x:2x4 y:4 -> int32[2x4]", "sub x:2x4 y:2x4 -> int32[2x4]"],
    ),
    "fmod has no lowering": (
        "g (float[2,4] x, float[4] z) => (float[2,4] y) { y = Mod <fmod = 1> (x, z) }",
        ["onnx.Mod A:2x4 B:4 fmod=1 -> float32[2x4]"],
    ),
    "max of three": (
        "g (float[2,4] a, float[4] c, float[2,1] d) => (float[2,4] y) { y = Max (a, c, d) }",
        ["maximum x:2x4 y:4 -> float32[2x4]", "maximum x:2x4 y:2x1 -> float32[2x4]"],
    ),
    "mean of two": (
        "g (float[2,4] a, float[4] c) => (float[2,4] y) { y = Mean (a, c) }",
        ["add x:2x4 y:4 -> float32[2x4]", "mul x:2x4 y:scalar -> float32[2x4]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
