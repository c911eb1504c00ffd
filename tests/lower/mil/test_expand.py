"""Expand and Tile."""

import pytest

CASES = {
    "new leading axes are expanded before tiling": (
        "g (float[3,1] x) => (float[2,3,4] y) <int64[3] s = {2,3,4}> { y = Expand (x, s) }",
        ["expand_dims x:3x1 axes=(0,) -> float32[1x3x1]", "tile x:1x3x1 reps=(2,1,4) -> float32[2x3x4]"],
    ),
    "only new axes": (
        "g (float[3,4] x) => (float[1,3,4] y) <int64[3] s = {1,3,4}> { y = Expand (x, s) }",
        ["expand_dims x:3x4 axes=(0,) -> float32[1x3x4]"],
    ),
    "repetitions known at run time": (
        "g (float[1,4] x, int64[2] s) => (float[A,4] y) { y = Expand (x, s) }",
        [
            "shape x:1x4 -> int32[2]",
            "equal x:2 y:scalar -> bool[2]",
            "select cond:2 a:2 b:2 -> int32[2]",
            "real_div x:2 y:2 -> int32[2]",
            "cast x:2 dtype=int32 -> int32[2]",
            "tile x:1x4 reps:2 -> float32[?x4]",
        ],
    ),
    "tile": (
        "g (float[3,4] x) => (float[6,4] y) <int64[2] r = {2,1}> { y = Tile (x, r) }",
        ["tile x:3x4 reps=(2,1) -> float32[6x4]"],
    ),
    "tile known at run time": (
        "g (float[3,4] x, int64[2] r) => (float[A,B] y) { y = Tile (x, r) }",
        ["tile x:3x4 reps:2 -> float32[?x?]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
