"""Repetition."""

import pytest

CASES = {
    "expand": (
        "g (float[3,1] x) => (float[2,3,4] y) <int64[3] s = {2,3,4}> { y = Expand (x, s) }",
        [
            "BROADCAST_TO input:3x1 shape:(2,3,4) -> float32[2x3x4]",
        ],
    ),
    "expand to computed sizes": (
        "g (float[3,1] x, int64[3] s) => (float[A,B,C] y) { y = Expand (x, s) }",
        [
            "CAST input:3 in_data_type=INT64 out_data_type=INT32 -> int32[3]",
            "BROADCAST_TO input:3x1 shape:3 -> float32[?x3x?]",
        ],
    ),
    "tile behind a convolution": (
        (
            "g (float[1,4,8,8] x) => (float[1,8,8,16] y) <int64[4] s = {4,4,1,1}, int64[4] r = {1,2,1,2}> { w"
            " = ConstantOfShape (s) t = Conv (x, w) y = Tile (t, r) }"
        ),
        [
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            "TILE input:1x8x8x4 multiples:(1,1,2,2) -> float32[1x8x16x8]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
