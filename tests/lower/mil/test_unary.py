"""Elementwise functions of one tensor."""

import pytest

CASES = {
    "sqrt": (
        "g (float[2,3] x) => (float[2,3] y) { y = Sqrt (x) }",
        ["sqrt x:2x3 -> float32[2x3]"],
    ),
    "reciprocal keeps MIL's epsilon": (
        "g (float[2,3] x) => (float[2,3] y) { y = Reciprocal (x) }",
        ["inverse x:2x3 epsilon=0.0001 -> float32[2x3]"],
    ),
    "neg is a product": (
        "g (float[2,3] x) => (float[2,3] y) { y = Neg (x) }",
        ["mul x:2x3 y:scalar -> float32[2x3]"],
    ),
    "log of integers is cast first": (
        "g (int64[2,3] x) => (float[2,3] y) { c = Cast <to = 6> (x) y = Log (c) }",
        ["cast x:2x3 dtype=fp32 -> float32[2x3]", "log x:2x3 epsilon=1e-45 -> float32[2x3]"],
    ),
    "not": (
        "g (bool[2] x) => (bool[2] y) { y = Not (x) }",
        ["logical_not x:2 -> bool[2]"],
    ),
    "nan differs from itself": (
        "g (float[2,3] x) => (bool[2,3] y) { y = IsNaN (x) }",
        ["not_equal x:2x3 y:2x3 -> bool[2x3]"],
    ),
    "acosh has no lowering": (
        "g (float[2,3] x) => (float[2,3] y) { y = Acosh (x) }",
        ["onnx.Acosh input:2x3 -> float32[2x3]"],
    ),
    "identity disappears": (
        "g (float[2,3] x) => (float[2,3] y) { i = Identity (x) y = Abs (i) }",
        ["abs x:2x3 -> float32[2x3]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
