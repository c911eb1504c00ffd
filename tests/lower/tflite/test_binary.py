"""Arithmetic."""

import pytest

CASES = {
    "sum and relu": (
        "g (float[2,3] a, float[2,3] b) => (float[2,3] y) { t = Add (a, b) y = Relu (t) }",
        [
            "ADD lhs:2x3 rhs:2x3 fused_activation_function=RELU -> float32[2x3]",
        ],
    ),
    "a channel's factor behind a convolution": (
        (
            "g (float[1,4,8,8] x) => (float[1,4,8,8] y) <int64[4] s = {4,4,1,1}, float[1,4,1,1] p = "
            "{1,2,3,4}> { w = ConstantOfShape (s) t = Conv (x, w) u = Tanh (t) y = Mul (u, p) }"
        ),
        [
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            "TANH input:1x8x8x4 -> float32[1x8x8x4]",
            "MUL lhs:1x8x8x4 rhs:(1,2,3,4)1x1x1x4 -> float32[1x8x8x4]",
        ],
    ),
    "a computed factor of lower rank": (
        (
            "g (float[1,4,8,8] x, float[4,1,1] p) => (float[1,4,8,8] y) <int64[4] s = {4,4,1,1}> { w = "
            "ConstantOfShape (s) t = Conv (x, w) y = Mul (t, p) }"
        ),
        [
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            "RESHAPE input:4x1x1 shape:(1,1,1,4) -> float32[1x1x1x4]",
            "MUL lhs:1x8x8x4 rhs:1x1x1x4 -> float32[1x8x8x4]",
        ],
    ),
    "division": (
        "g (float[2,3] a, float[2,3] b) => (float[2,3] y) <float c = {4}> { t = Div (a, b) y = Div (t, c) }",
        [
            "DIV lhs:2x3 rhs:2x3 -> float32[2x3]",
            "MUL lhs:2x3 rhs:0.25 -> float32[2x3]",
        ],
    ),
    "division of integers": (
        "g (int64[2,3] a, int64[2,3] b) => (int64[2,3] y) <int64 c = {4}> { t = Div (a, b) y = Div (t, c) }",
        [
            "CAST input:2x3 in_data_type=INT64 out_data_type=INT32 -> int32[2x3]",
            "CAST input:2x3 in_data_type=INT64 out_data_type=INT32 -> int32[2x3]",
            "DIV lhs:2x3 rhs:2x3 -> int32[2x3]",
            "CAST input:2x3 in_data_type=INT32 out_data_type=INT64 -> int64[2x3]",
            "CAST input:2x3 in_data_type=INT64 out_data_type=FLOAT32 -> float32[2x3]",
            "DIV lhs:2x3 rhs:4 -> float32[2x3]",
            "CAST input:2x3 in_data_type=FLOAT32 out_data_type=INT64 -> int64[2x3]",
        ],
    ),
    "powers": (
        "g (float[2,3] a, float[2,3] b) => (float[2,3] y) <float c = {2}> { t = Pow (a, c) y = Pow (t, b) }",
        [
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
            "POW lhs:2x3 rhs:2x3 -> float32[2x3]",
        ],
    ),
    "remainder": (
        "g (int32[2,3] a, int32[2,3] b) => (int32[2,3] y) { y = Mod (a, b) }",
        [
            "FLOOR_MOD lhs:2x3 rhs:2x3 -> int32[2x3]",
        ],
    ),
    "several": (
        (
            "g (float[2,3] a, float[2,3] b, float[3] c) => (float[2,3] y, float[2,3] z) { y = Max (a, b, c) z"
            " = Mean (a, b) }"
        ),
        [
            "MAXIMUM lhs:2x3 rhs:2x3 -> float32[2x3]",
            "MAXIMUM lhs:2x3 rhs:3 -> float32[2x3]",
            "ADD lhs:2x3 rhs:2x3 -> float32[2x3]",
            "MUL lhs:2x3 rhs:0.5 -> float32[2x3]",
        ],
    ),
    "five axes": (
        (
            "g (float[2,3,4,5,6] a, float[6] b) => (float[2,3,4,5,6] y) <float[1,3,1,1,1] c = {1,2,3}> { t = "
            "Add (a, b) u = Mul (t, c) y = Relu (u) }"
        ),
        [
            "RESHAPE input:2x3x4x5x6 shape:(120,6) -> float32[120x6]",
            "RESHAPE input:6 shape:(1,6) -> float32[1x6]",
            "ADD lhs:120x6 rhs:1x6 -> float32[120x6]",
            "RESHAPE input:120x6 shape:(2,3,120) -> float32[2x3x120]",
            "MUL lhs:2x3x120 rhs:(1,2,3)1x3x1 fused_activation_function=RELU -> float32[2x3x120]",
            "RESHAPE input:2x3x120 shape:(2,3,4,5,6) -> float32[2x3x4x5x6]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
