"""Rearrangements through six and more axes."""

import pytest

CASES = {
    "window partition": (
        (
            "g (float[1,14,14,8] x) => (float[4,7,7,8] y) <int64[6] s = {1,2,7,2,7,8}, int64[4] t = {-1,7,7,8}> "
            "{ a = Reshape (x, s) p = Transpose <perm = [0,1,3,2,4,5]> (a) y = Reshape (p, t) }"
        ),
        [
            "reshape x:1x14x14x8 shape=(2,7,2,56) -> float32[2x7x2x56]",
            "transpose x:2x7x2x56 perm=(0,2,1,3) -> float32[2x2x7x56]",
            "reshape x:2x2x7x56 shape=(4,7,7,8) -> float32[4x7x7x8]",
        ],
    ),
    "window partition and flattening": (
        (
            "g (float[1,14,14,8] x) => (float[4,49,8] y) <int64[6] s = {1,2,7,2,7,8}, int64[4] t = {-1,7,7,8}, "
            "int64[3] u = {-1,49,8}> { a = Reshape (x, s) p = Transpose <perm = [0,1,3,2,4,5]> (a) q = Reshape "
            "(p, t) y = Reshape (q, u) }"
        ),
        [
            "reshape x:1x14x14x8 shape=(2,7,2,56) -> float32[2x7x2x56]",
            "transpose x:2x7x2x56 perm=(0,2,1,3) -> float32[2x2x7x56]",
            "reshape x:2x2x7x56 shape=(4,49,8) -> float32[4x49x8]",
        ],
    ),
    "six axes one by one": (
        (
            "g (float[24,30] x) => (float[10,72] y) <int64[6] s = {2,3,4,5,2,3}, int64[2] r = {10,72}> { a = "
            "Reshape (x, s) t = Transpose <perm = [3,0,2,5,1,4]> (a) y = Reshape (t, r) }"
        ),
        [
            "reshape x:24x30 shape=(1,24,5,6) -> float32[1x24x5x6]",
            "transpose x:1x24x5x6 perm=(0,2,1,3) -> float32[1x5x24x6]",
            "reshape x:1x5x24x6 shape=(5,1,2,72) -> float32[5x1x2x72]",
            "transpose x:5x1x2x72 perm=(0,2,1,3) -> float32[5x2x1x72]",
            "reshape x:5x2x1x72 shape=(10,3,4,6) -> float32[10x3x4x6]",
            "transpose x:10x3x4x6 perm=(0,2,1,3) -> float32[10x4x3x6]",
            "reshape x:10x4x3x6 shape=(40,6,3,1) -> float32[40x6x3x1]",
            "transpose x:40x6x3x1 perm=(0,2,1,3) -> float32[40x3x6x1]",
            "reshape x:40x3x6x1 shape=(120,1,3,2) -> float32[120x1x3x2]",
            "transpose x:120x1x3x2 perm=(0,2,1,3) -> float32[120x3x1x2]",
            "reshape x:120x3x1x2 shape=(360,1,2,1) -> float32[360x1x2x1]",
            "transpose x:360x1x2x1 perm=(0,2,1,3) -> float32[360x2x1x1]",
            "reshape x:360x2x1x1 shape=(10,72) -> float32[10x72]",
        ],
    ),
    "without the second reshape it stays": (
        (
            "g (float[1,14,14,8] x) => (float[1,2,2,7,7,8] y) <int64[6] s = {1,2,7,2,7,8}> { a = Reshape (x, s) "
            "y = Transpose <perm = [0,1,3,2,4,5]> (a) }"
        ),
        [
            "reshape x:1x14x14x8 shape=(1,2,7,2,7,8) -> float32[1x2x7x2x7x8]",
            "transpose x:1x2x7x2x7x8 perm=(0,1,3,2,4,5) -> float32[1x2x2x7x7x8]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
