"""Branches and loops."""

import pytest

CASES = {
    "cond": (
        (
            "g (bool c, float[2] x) => (float[2] y) { y = If (c) <then_branch = t () => (float[2] a) { a = Neg "
            "(x) }, else_branch = e () => (float[2] d) { d = Sqrt (x) }> }"
        ),
        ["cond pred:scalar -> float32[2]", "mul x:2 y:scalar -> float32[2]", "sqrt x:2 -> float32[2]"],
    ),
    "loop": (
        (
            "g (float[2] x, int64 m) => (float[2] y) <bool t = {1}> { y = Loop (m, t, x) <body = b (int64 i, "
            "bool p, float[2] s) => (bool q, float[2] n) { q = Identity (p) n = Sqrt (s) }> }"
        ),
        ["while_loop loop_vars:scalar loop_vars:scalar loop_vars:2 -> float32[2]", "sqrt x:2 -> float32[2]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
