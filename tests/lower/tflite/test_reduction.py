"""Reductions."""

import pytest

CASES = {
    "spatial means behind a convolution": (
        (
            "g (float[1,4,8,8] x) => (float[1,4] y) <int64[4] s = {4,4,1,1}, int64[2] a = {2,3}> { w = "
            "ConstantOfShape (s) t = Conv (x, w) y = ReduceMean <keepdims = 0> (t, a) }"
        ),
        [
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            "MEAN input:1x8x8x4 axis:(1,2) keep_dims=False -> float32[1x4]",
        ],
    ),
    "channel maximum behind a convolution": (
        (
            "g (float[1,4,8,8] x) => (float[1,1,8,8] y) <int64[4] s = {4,4,1,1}, int64[1] a = {1}> { w = "
            "ConstantOfShape (s) t = Conv (x, w) y = ReduceMax (t, a) }"
        ),
        [
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            "REDUCE_MAX input:1x8x8x4 axes:(3) keep_dims=True -> float32[1x8x8x1]",
        ],
    ),
    "everything": (
        "g (float[2,3] x) => (float y) { y = ReduceSum <keepdims = 0> (x) }",
        [
            "SUM input:2x3 axes:(0,1) keep_dims=False -> float32[scalar]",
        ],
    ),
    "norms": (
        (
            "g (float[2,3] x) => (float[2,1] y, float[2,1] z) <int64[1] a = {-1}> { y = ReduceL2 (x, a) z = "
            "ReduceLogSumExp (x, a) }"
        ),
        [
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
            "SUM input:2x3 axes:(1) keep_dims=True -> float32[2x1]",
            "SQRT x:2x1 -> float32[2x1]",
            "EXP x:2x3 -> float32[2x3]",
            "SUM input:2x3 axes:(1) keep_dims=True -> float32[2x1]",
            "LOG x:2x1 -> float32[2x1]",
        ],
    ),
    "over no axes": (
        (
            "g (float[2,3] x) => (float[2,3] y) <int64[0] a = {}> { t = ReduceSum <noop_with_empty_axes = 1> "
            "(x, a) y = Relu (t) }"
        ),
        [
            "RELU x:2x3 -> float32[2x3]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
