"""Pads."""

import pytest

CASES = {
    "zeros behind a convolution": (
        (
            "g (float[1,4,8,8] x) => (float[1,4,10,9] y) <int64[4] s = {4,4,1,1}, int64[8] p = "
            "{0,0,1,0,0,0,1,1}> { w = ConstantOfShape (s) t = Conv (x, w) y = Pad (t, p) }"
        ),
        [
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            "PAD input:1x8x8x4 padding:(0,0,1,1,0,1,0,0)4x2 -> float32[1x10x9x4]",
        ],
    ),
    "another number": (
        "g (float[2,3] x) => (float[2,5] y) <int64[4] p = {0,1,0,1}, float c = {2}> { y = Pad (x, p, c) }",
        [
            "PADV2 input:2x3 padding:(0,0,1,1)2x2 constant_values:2 -> float32[2x5]",
        ],
    ),
    "some axes": (
        (
            "g (float[2,3] x) => (float[2,5] y) <int64[2] p = {1,1}, float c = {0}, int64[1] a = {-1}> { y = "
            "Pad (x, p, c, a) }"
        ),
        [
            "PAD input:2x3 padding:(0,0,1,1)2x2 -> float32[2x5]",
        ],
    ),
    "reflected": (
        'g (float[2,3] x) => (float[2,5] y) <int64[4] p = {0,1,0,1}> { y = Pad <mode = "reflect"> (x, p) }',
        [
            "MIRROR_PAD input:2x3 pad:(0,0,1,1)2x2 mode=REFLECT -> float32[2x5]",
        ],
    ),
    "edges": (
        'g (float[2,3] x) => (float[2,6] y) <int64[4] p = {0,1,0,2}> { y = Pad <mode = "edge"> (x, p) }',
        [
            "SLICE input:2x3 begin:(0,0) size:(-1,1) -> float32[2x1]",
            "SLICE input:2x3 begin:(0,2) size:(-1,1) -> float32[2x1]",
            "TILE input:2x1 multiples:(1,2) -> float32[2x2]",
            "CONCATENATION values:2x1 values:2x3 values:2x2 axis=1 -> float32[2x6]",
        ],
    ),
    "cut off": (
        "g (float[2,6] x) => (float[3,4] y) <int64[4] p = {0,-1,1,-1}> { y = Pad (x, p) }",
        [
            (
                "STRIDED_SLICE input:2x6 begin:(0,1) end:(0,-1) strides:(1,1) begin_mask=0 end_mask=1 "
                "shrink_axis_mask=0 -> float32[2x4]"
            ),
            "PAD input:2x4 padding:(0,1,0,0)2x2 -> float32[3x4]",
        ],
    ),
    "computed": (
        "g (float[2,3] x, int64[4] p) => (float[A,B] y) { y = Pad (x, p) }",
        [
            "CAST input:4 in_data_type=INT64 out_data_type=INT32 -> int32[4]",
            "RESHAPE input:4 shape:(2,2) -> int32[2x2]",
            "TRANSPOSE input:2x2 perm:(1,0) -> int32[2x2]",
            "PAD input:2x3 padding:2x2 -> float32[?x?]",
        ],
    ),
    "wrapped": (
        '19: g (float[2,3] x) => (float[2,5] y) <int64[4] p = {0,1,0,1}> { y = Pad <mode = "wrap"> (x, p) }',
        [
            "onnx.Pad data:2x3 pads:(0,1,0,1) mode=wrap -> float32[2x5]",
        ],
    ),
    "computed, with another number": (
        "g (float[2,3] x, int64[4] p) => (float[A,B] y) <float c = {2}> { y = Pad (x, p, c) }",
        [
            "CAST input:4 in_data_type=INT64 out_data_type=INT32 -> int32[4]",
            "RESHAPE input:4 shape:(2,2) -> int32[2x2]",
            "TRANSPOSE input:2x2 perm:(1,0) -> int32[2x2]",
            "PADV2 input:2x3 padding:2x2 constant_values:2 -> float32[?x?]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
