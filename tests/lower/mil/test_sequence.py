"""Sequences of tensors."""

import pytest

CASES = {
    "a Python list concatenated": (
        (
            "g (float[2,3] a, float[2,4] c) => (float[2,7] y) { s = SequenceConstruct (a, c) y = "
            "ConcatFromSequence <axis = 1> (s) }"
        ),
        ["concat values:2x3 values:2x4 axis=1 interleave=False -> float32[2x7]"],
    ),
    "a Python list stacked": (
        (
            "g (float[2,3] a, float[2,3] c) => (float[2,2,3] y) { s = SequenceConstruct (a, c) y = "
            "ConcatFromSequence <axis = 1, new_axis = 1> (s) }"
        ),
        ["stack values:2x3 values:2x3 axis=1 -> float32[2x2x3]"],
    ),
    "one of a Python list": (
        (
            "g (float[2,3] a, float[2,4] c) => (float[2,4] y) <int64 i = {1}> { s = SequenceConstruct (a, c) e = "
            "SequenceAt (s, i) y = Abs (e) }"
        ),
        ["abs x:2x4 -> float32[2x4]"],
    ),
    "one known at run time": (
        (
            "g (float[2,3] a, float[2,3] c, int64 i) => (float[2,3] y) { s = SequenceConstruct (a, c) y = "
            "SequenceAt (s, i) }"
        ),
        ["onnx.SequenceConstruct inputs:2x3 inputs:2x3 -> float32[12]", "list_read ls:12 index:scalar -> float32[2x3]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
