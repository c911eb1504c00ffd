"""Concatenation and splitting."""

import pytest

CASES = {
    "channels joined behind convolutions": (
        (
            "g (float[1,4,8,8] x) => (float[1,8,8,8] y) <int64[4] s = {4,4,1,1}> { w = ConstantOfShape (s) t "
            "= Conv (x, w) u = Conv (x, w) y = Concat <axis = 1> (t, u) }"
        ),
        [
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            "CONCATENATION values:1x8x8x4 values:1x8x8x4 axis=3 -> float32[1x8x8x8]",
        ],
    ),
    "a native tensor among others": (
        (
            "g (float[1,4,8,8] x, float[1,256] z) => (float[1,12,8,8] y) <int64[4] s = {4,4,1,1}, int64[4] a "
            "= {1,4,8,8}> { w = ConstantOfShape (s) t = Conv (x, w) u = Conv (x, w) v = Reshape (z, a) y = "
            "Concat <axis = 1> (t, u, v) }"
        ),
        [
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            "RESHAPE input:1x256 shape:(1,4,8,8) -> float32[1x4x8x8]",
            "TRANSPOSE input:1x4x8x8 perm:(0,2,3,1) -> float32[1x8x8x4]",
            "CONCATENATION values:1x8x8x4 values:1x8x8x4 values:1x8x8x4 axis=3 -> float32[1x8x8x12]",
        ],
    ),
    "channels split behind a convolution": (
        (
            "g (float[1,4,8,8] x) => (float[1,2,8,8] y, float[1,2,8,8] z) <int64[4] s = {4,4,1,1}> { w = "
            "ConstantOfShape (s) t = Conv (x, w) y, z = Split <axis = 1, num_outputs = 2> (t) }"
        ),
        [
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            "SLICE input:1x8x8x4 begin:(0,0,0,0) size:(-1,-1,-1,2) -> float32[1x8x8x2]",
            "SLICE input:1x8x8x4 begin:(0,0,0,2) size:(-1,-1,-1,2) -> float32[1x8x8x2]",
        ],
    ),
    "unequal parts, one unused": (
        (
            "g (float[2,6] x) => (float[2,3] y) <int64[3] s = {1,3,2}> { a, b, c = Split <axis = 1> (x, s) y "
            "= Relu (b) }"
        ),
        [
            "SLICE input:2x6 begin:(0,1) size:(-1,3) -> float32[2x3]",
            "RELU x:2x3 -> float32[2x3]",
        ],
    ),
    "parts of an unknown axis": (
        "g (float[2,N] x) => (float[2,A] y, float[2,B] z) { y, z = Split <axis = 1, num_outputs = 2> (x) }",
        [
            "SPLIT split_dim:1 value:2xN num_splits=2 -> float32[2x?], float32[2x?]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
