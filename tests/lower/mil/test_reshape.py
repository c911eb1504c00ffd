"""Other views of the same elements."""

import pytest

CASES = {
    "reshape": (
        "g (float[2,3,4] x) => (float[2,12] y) <int64[2] s = {0,-1}> { y = Reshape (x, s) }",
        ["reshape x:2x3x4 shape=(2,12) -> float32[2x12]"],
    ),
    "reshape with a free axis": (
        "g (float[N,3,4] x) => (float[N,12] y) <int64[2] s = {0,-1}> { y = Reshape (x, s) }",
        ["reshape x:Nx3x4 shape=(-1,12) -> float32[Nx12]"],
    ),
    "reshape known at run time": (
        "g (float[N,M,4] x, int64[2] s) => (float[A,B] y) { y = Reshape (x, s) }",
        ["reshape x:NxMx4 shape:2 -> float32[?x?]"],
    ),
    "reshape to a scalar": (
        "g (float[1] x) => (float y) <int64[0] s = {}> { y = Reshape (x, s) }",
        ["squeeze x:1 axes=(0,) -> float32[scalar]"],
    ),
    "two reshapes are one": (
        (
            "g (float[2,3,4] x) => (float[4,6] y) <int64[2] s = {6,4}, int64[2] t = {4,6}> { a = Reshape (x, s) "
            "y = Reshape (a, t) }"
        ),
        ["reshape x:2x3x4 shape=(4,6) -> float32[4x6]"],
    ),
    "flatten": (
        "g (float[2,3,4] x) => (float[2,12] y) { y = Flatten (x) }",
        ["reshape x:2x3x4 shape=(2,12) -> float32[2x12]"],
    ),
    "flatten of free axes": (
        "g (float[N,M,K,4] x) => (float[N,A] y) { y = Flatten (x) }",
        [
            "shape x:NxMxKx4 -> int32[4]",
            "slice_by_index x:4 begin=(0,) end=(1,) end_mask=(False,) -> int32[1]",
            "concat values:1 values:1 axis=0 interleave=False -> int32[2]",
            "reshape x:NxMxKx4 shape:2 -> float32[Nx?]",
        ],
    ),
    "squeeze by attribute": (
        "11: g (float[2,1,4,1] x) => (float[2,4,1] y) { y = Squeeze <axes = [-3]> (x) }",
        ["squeeze x:2x1x4x1 axes=(1,) -> float32[2x4x1]"],
    ),
    "squeeze of all": (
        "g (float[2,1,4,1] x) => (float[2,4] y) { y = Squeeze (x) }",
        ["squeeze x:2x1x4x1 axes=(1,3) -> float32[2x4]"],
    ),
    "unsqueeze": (
        "g (float[2,4] x) => (float[2,1,4,1] y) <int64[2] a = {-1,1}> { y = Unsqueeze (x, a) }",
        ["expand_dims x:2x4 axes=(1,3) -> float32[2x1x4x1]"],
    ),
    "transpose": (
        "g (float[2,3,4] x) => (float[4,3,2] y) { y = Transpose (x) }",
        ["transpose x:2x3x4 perm=(2,1,0) -> float32[4x3x2]"],
    ),
    "two transposes are one": (
        (
            "g (float[2,3,4] x) => (float[4,2,3] y) { t = Transpose <perm = [1,2,0]> (x) y = Transpose <perm = "
            "[1,2,0]> (t) }"
        ),
        ["transpose x:2x3x4 perm=(2,0,1) -> float32[4x2x3]"],
    ),
    "two transposes are none": (
        (
            "g (float[2,3,4] x) => (float[2,3,4] y) { t = Transpose <perm = [1,2,0]> (x) u = Transpose <perm = "
            "[2,0,1]> (t) y = Abs (u) }"
        ),
        ["abs x:2x3x4 -> float32[2x3x4]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
