"""Comparisons and selection."""

import pytest

CASES = {
    "comparisons": (
        (
            "g (float[2,3] a, float[3] b) => (bool[2,3] y) { s = Greater (a, b) t = LessOrEqual (a, b) u = "
            "Xor (s, t) y = And (u, s) }"
        ),
        [
            "GREATER lhs:2x3 rhs:3 -> bool[2x3]",
            "LESS_EQUAL lhs:2x3 rhs:3 -> bool[2x3]",
            "NOT_EQUAL lhs:2x3 rhs:2x3 -> bool[2x3]",
            "LOGICAL_AND lhs:2x3 rhs:2x3 -> bool[2x3]",
        ],
    ),
    "selection": (
        "g (bool[2,1] c, float[2,3] a, float b) => (float[2,3] y) { y = Where (c, a, b) }",
        [
            "SELECT_V2 condition:2x1 x:2x3 y:scalar -> float32[2x3]",
        ],
    ),
    "five axes": (
        "g (float[2,3,4,5,6] a, float[2,3,4,5,6] b) => (bool[2,3,4,5,6] y) { y = Greater (a, b) }",
        [
            "RESHAPE input:2x3x4x5x6 shape:(720) -> float32[720]",
            "RESHAPE input:2x3x4x5x6 shape:(720) -> float32[720]",
            "GREATER lhs:720 rhs:720 -> bool[720]",
            "RESHAPE input:720 shape:(2,3,4,5,6) -> bool[2x3x4x5x6]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
