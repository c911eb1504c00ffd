"""Comparisons, logic and choice."""

import pytest

CASES = {
    "equal of booleans": (
        "g (bool[2,4] x, bool[4] z) => (bool[2,4] y) { y = Equal (x, z) }",
        ["cast x:2x4 dtype=int32 -> int32[2x4]", "cast x:4 dtype=int32 -> int32[4]", "equal x:2x4 y:4 -> bool[2x4]"],
    ),
    "greater or equal": (
        "g (float[2,4] x, float[4] z) => (bool[2,4] y) { y = GreaterOrEqual (x, z) }",
        ["greater_equal x:2x4 y:4 -> bool[2x4]"],
    ),
    "xor": (
        "g (bool[2,4] x, bool[4] z) => (bool[2,4] y) { y = Xor (x, z) }",
        ["logical_xor x:2x4 y:4 -> bool[2x4]"],
    ),
    "where tiles its operands": (
        "g (bool[4] c, float[2,4] a, float[2,1] z) => (float[2,4] y) { y = Where (c, a, z) }",
        [
            "expand_dims x:4 axes=(0,) -> bool[1x4]",
            "tile x:1x4 reps=(2,1) -> bool[2x4]",
            "tile x:2x1 reps=(1,4) -> float32[2x4]",
            "select cond:2x4 a:2x4 b:2x4 -> float32[2x4]",
        ],
    ),
    "where with a scalar is masked_fill": (
        "g (bool[4] c, float[2,4] a) => (float[2,4] y) <float m = {-10000}> { y = Where (c, m, a) }",
        ["select cond:4 a:scalar b:2x4 -> float32[2x4]"],
    ),
    "where of two scalars tiles them": (
        "g (bool[2,4] c) => (float[2,4] y) <float a = {0}, float m = {-10000}> { y = Where (c, a, m) }",
        ["select cond:2x4 a:2x4 b:2x4 -> float32[2x4]"],
    ),
    "where with a free axis tiles nothing": (
        "g (bool[4] c, float[N,4] a, float[N,1] z) => (float[N,4] y) { y = Where (c, a, z) }",
        ["select cond:4 a:Nx4 b:Nx1 -> float32[Nx4]"],
    ),
    "bitwise not": (
        "g (int32[4] x) => (int32[4] y) { y = BitwiseNot (x) }",
        ["add x:4 y:scalar -> int32[4]", "mul x:4 y:scalar -> int32[4]"],
    ),
    "bitwise not of bytes has no lowering": (
        "g (uint8[4] x) => (uint8[4] y) { y = BitwiseNot (x) }",
        ["onnx.BitwiseNot X:4 -> uint8[4]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
