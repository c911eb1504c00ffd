"""Slices."""

import pytest

CASES = {
    "of known sizes": (
        (
            "g (float[2,6] x) => (float[2,3] y) <int64[1] s = {1}, int64[1] e = {-2}, int64[1] a = {1}> { y ="
            " Slice (x, s, e, a) }"
        ),
        [
            "SLICE input:2x6 begin:(0,1) size:(2,3) -> float32[2x3]",
        ],
    ),
    "channels behind a convolution": (
        (
            "g (float[1,4,8,8] x) => (float[1,2,8,8] y) <int64[4] s = {4,4,1,1}, int64[1] b = {0}, int64[1] e"
            " = {2}, int64[1] a = {1}> { w = ConstantOfShape (s) t = Conv (x, w) y = Slice (t, b, e, a) }"
        ),
        [
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            "SLICE input:1x8x8x4 begin:(0,0,0,0) size:(1,8,8,2) -> float32[1x8x8x2]",
        ],
    ),
    "with steps": (
        (
            "g (float[2,6] x) => (float[2,3] y) <int64[1] s = {0}, int64[1] e = {9223372036854775807}, "
            "int64[1] a = {1}, int64[1] t = {2}> { y = Slice (x, s, e, a, t) }"
        ),
        [
            (
                "STRIDED_SLICE input:2x6 begin:(0,0) end:(0,0) strides:(1,2) begin_mask=3 end_mask=3 "
                "shrink_axis_mask=0 -> float32[2x3]"
            ),
        ],
    ),
    "of unknown sizes": (
        (
            "g (float[2,N] x) => (float[2,M] y) <int64[1] s = {1}, int64[1] e = {-1}, int64[1] a = {1}> { y ="
            " Slice (x, s, e, a) }"
        ),
        [
            (
                "STRIDED_SLICE input:2xN begin:(0,1) end:(0,-1) strides:(1,1) begin_mask=1 end_mask=1 "
                "shrink_axis_mask=0 -> float32[2x?]"
            ),
        ],
    ),
    "backwards": (
        (
            "g (float[2,6] x) => (float[2,6] y) <int64[1] s = {-1}, int64[1] e = {-9223372036854775807}, "
            "int64[1] a = {1}, int64[1] t = {-1}> { y = Slice (x, s, e, a, t) }"
        ),
        [
            "REVERSE_V2 input:2x6 axis:(1) -> float32[2x6]",
        ],
    ),
    "computed bounds": (
        (
            "g (float[2,6,4] x, int64[1] s, int64[1] e) => (float[2,M,4] y) <int64[1] a = {1}> { y = Slice "
            "(x, s, e, a) }"
        ),
        [
            "CAST input:1 in_data_type=INT64 out_data_type=INT32 -> int32[1]",
            "CONCATENATION values:(0) values:1 values:(0) axis=0 -> int32[3]",
            "CAST input:1 in_data_type=INT64 out_data_type=INT32 -> int32[1]",
            "CONCATENATION values:(0) values:1 values:(0) axis=0 -> int32[3]",
            (
                "STRIDED_SLICE input:2x6x4 begin:3 end:3 strides:(1,1,1) begin_mask=0 end_mask=5 "
                "shrink_axis_mask=0 -> float32[2x?x4]"
            ),
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
