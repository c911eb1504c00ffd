"""Concat and Split."""

import pytest

CASES = {
    "concat": (
        "g (float[2,3] a, float[2,4] c) => (float[2,7] y) { y = Concat <axis = -1> (a, c) }",
        ["concat values:2x3 values:2x4 axis=1 interleave=False -> float32[2x7]"],
    ),
    "an empty tensor is left out": (
        "g (float[2,3] a, float[2,0] e, float[2,4] c) => (float[2,7] y) { y = Concat <axis = 1> (a, e, c) }",
        ["concat values:2x3 values:2x4 axis=1 interleave=False -> float32[2x7]"],
    ),
    "split by attribute": (
        "11: g (float[2,7] x) => (float[2,3] a, float[2,4] c) { a, c = Split <axis = 1, split = [3,4]> (x) }",
        ["split x:2x7 split_sizes=(3,4) axis=1 -> float32[2x3], float32[2x4]"],
    ),
    "split by input": (
        "g (float[2,7] x) => (float[2,3] a, float[2,4] c) <int64[2] s = {3,4}> { a, c = Split <axis = 1> (x, s) }",
        ["split x:2x7 split_sizes=(3,4) axis=1 -> float32[2x3], float32[2x4]"],
    ),
    "split in equal parts": (
        "g (float[2,7] x) => (float[2,4] a, float[2,3] c) { a, c = Split <axis = 1, num_outputs = 2> (x) }",
        ["split x:2x7 split_sizes=(4,3) axis=1 -> float32[2x4], float32[2x3]"],
    ),
    "split of a free axis": (
        "13: g (float[N,6] x) => (float[A,6] a, float[B,6] c) { a, c = Split (x) }",
        ["split x:Nx6 num_splits=2 axis=0 -> float32[?x6], float32[?x6]"],
    ),
    "split known at run time has no lowering": (
        "g (float[2,7] x, int64[2] s) => (float[2,A] a, float[2,B] c) { a, c = Split <axis = 1> (x, s) }",
        ["onnx.Split input:2x7 split:2 axis=1 -> float32[2x?], float32[2x?]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
