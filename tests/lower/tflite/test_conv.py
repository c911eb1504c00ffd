"""Convolutions."""

import pytest

CASES = {
    "same padding, bias and relu": (
        (
            "g (float[1,3,8,8] x) => (float[1,4,8,8] y) <int64[4] s = {4,3,3,3}, float[4] c = {0,0,0,0}> { w "
            "= ConstantOfShape (s) t = Conv <pads = [1,1,1,1]> (x, w, c) y = Relu (t) }"
        ),
        [
            (
                "CONV_2D input:1x8x8x3 filter:4x3x3x3 bias:(0,0,0,0) padding=SAME stride_w=1 stride_h=1 "
                "fused_activation_function=RELU -> float32[1x8x8x4]"
            ),
        ],
    ),
    "explicit padding that is not SAME's": (
        (
            "g (float[1,3,8,8] x) => (float[1,4,4,4] y) <int64[4] s = {4,3,3,3}> { w = ConstantOfShape (s) y "
            "= Conv <pads = [1,1,1,1], strides = [2,2]> (x, w) }"
        ),
        [
            "PAD input:1x8x8x3 padding:(0,0,1,1,1,1,0,0)4x2 -> float32[1x10x10x3]",
            ("CONV_2D input:1x10x10x3 filter:4x3x3x3 bias:4 padding=VALID stride_w=2 stride_h=2 -> float32[1x4x4x4]"),
        ],
    ),
    "odd size, where the pads are SAME's": (
        (
            "g (float[1,3,9,9] x) => (float[1,4,5,5] y) <int64[4] s = {4,3,3,3}> { w = ConstantOfShape (s) y "
            "= Conv <pads = [1,1,1,1], strides = [2,2]> (x, w) }"
        ),
        [
            "CONV_2D input:1x9x9x3 filter:4x3x3x3 bias:4 padding=SAME stride_w=2 stride_h=2 -> float32[1x5x5x4]",
        ],
    ),
    "auto_pad SAME_LOWER": (
        (
            "g (float[1,3,8,8] x) => (float[1,4,4,4] y) <int64[4] s = {4,3,3,3}> { w = ConstantOfShape (s) y "
            '= Conv <auto_pad = "SAME_LOWER", strides = [2,2]> (x, w) }'
        ),
        [
            "PAD input:1x8x8x3 padding:(0,0,1,0,1,0,0,0)4x2 -> float32[1x9x9x3]",
            ("CONV_2D input:1x9x9x3 filter:4x3x3x3 bias:4 padding=VALID stride_w=2 stride_h=2 -> float32[1x4x4x4]"),
        ],
    ),
    "dilated": (
        (
            "g (float[1,3,9,9] x) => (float[1,4,5,7] y) <int64[4] s = {4,3,3,3}> { w = ConstantOfShape (s) y "
            "= Conv <dilations = [2,1]> (x, w) }"
        ),
        [
            (
                "CONV_2D input:1x9x9x3 filter:4x3x3x3 bias:4 padding=VALID stride_w=1 stride_h=1 "
                "dilation_h_factor=2 -> float32[1x5x7x4]"
            ),
        ],
    ),
    "depthwise with a multiplier": (
        (
            "g (float[1,4,8,8] x) => (float[1,8,8,8] y) <int64[4] s = {8,1,3,3}> { w = ConstantOfShape (s) y "
            "= Conv <group = 4, pads = [1,1,1,1]> (x, w) }"
        ),
        [
            (
                "DEPTHWISE_CONV_2D input:1x8x8x4 filter:1x3x3x8 bias:8 padding=SAME stride_w=1 stride_h=1 "
                "depth_multiplier=2 -> float32[1x8x8x8]"
            ),
        ],
    ),
    "grouped": (
        (
            "g (float[1,8,8,8] x) => (float[1,4,6,6] y) <int64[4] s = {4,4,3,3}> { w = ConstantOfShape (s) y "
            "= Conv <group = 2> (x, w) }"
        ),
        [
            ("CONV_2D input:1x8x8x8 filter:4x3x3x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x6x6x4]"),
        ],
    ),
    "one axis": (
        (
            "g (float[1,3,16] x) => (float[1,4,16] y) <int64[3] s = {4,3,3}, float lo = {0}, float hi = {6}> "
            "{ w = ConstantOfShape (s) t = Conv <pads = [1,1]> (x, w) y = Clip (t, lo, hi) }"
        ),
        [
            "RESHAPE input:1x16x3 shape:(1,1,16,3) -> float32[1x1x16x3]",
            (
                "CONV_2D input:1x1x16x3 filter:4x1x3x3 bias:4 padding=SAME stride_w=1 stride_h=1 "
                "fused_activation_function=RELU6 -> float32[1x1x16x4]"
            ),
            "RESHAPE input:1x1x16x4 shape:(1,16,4) -> float32[1x16x4]",
        ],
    ),
    "two of one axis": (
        (
            "g (float[1,3,16] x) => (float[1,3,16] y) <int64[3] s = {3,3,3}> { w = ConstantOfShape (s) t = "
            "Conv <pads = [1,1]> (x, w) y = Conv <pads = [1,1]> (t, w) }"
        ),
        [
            "RESHAPE input:1x16x3 shape:(1,1,16,3) -> float32[1x1x16x3]",
            ("CONV_2D input:1x1x16x3 filter:3x1x3x3 bias:3 padding=SAME stride_w=1 stride_h=1 -> float32[1x1x16x3]"),
            ("CONV_2D input:1x1x16x3 filter:3x1x3x3 bias:3 padding=SAME stride_w=1 stride_h=1 -> float32[1x1x16x3]"),
            "RESHAPE input:1x1x16x3 shape:(1,16,3) -> float32[1x16x3]",
        ],
    ),
    "one axis of an unknown size": (
        (
            "g (float[N,3,T] x) => (float[N,4,T] y) <int64[3] s = {4,3,3}> { w = ConstantOfShape (s) y = Conv"
            " <pads = [1,1]> (x, w) }"
        ),
        [
            "EXPAND_DIMS input:NxTx3 dim:(1) -> float32[Nx1xTx3]",
            "CONV_2D input:Nx1xTx3 filter:4x1x3x3 bias:4 padding=SAME stride_w=1 stride_h=1 -> float32[Nx1xTx4]",
            "SQUEEZE input:Nx1xTx4 squeeze_dims=(1,) -> float32[NxTx4]",
        ],
    ),
    "three axes": (
        (
            "g (float[1,3,4,8,8] x) => (float[1,4,4,8,8] y) <int64[5] s = {4,3,3,3,3}> { w = ConstantOfShape "
            "(s) y = Conv <pads = [1,1,1,1,1,1]> (x, w) }"
        ),
        [
            (
                "CONV_3D input:1x4x8x8x3 filter:3x3x3x3x4 bias:4 padding=SAME stride_d=1 stride_w=1 "
                "stride_h=1 -> float32[1x4x8x8x4]"
            ),
        ],
    ),
    "three axes in groups": (
        (
            "g (float[1,4,4,8,8] x) => (float[1,2,2,6,6] y) <int64[5] s = {2,2,3,3,3}> { w = ConstantOfShape "
            "(s) y = Conv <group = 2> (x, w) }"
        ),
        [
            "SPLIT split_dim:4 value:1x4x8x8x4 num_splits=2 -> float32[1x4x8x8x2], float32[1x4x8x8x2]",
            (
                "CONV_3D input:1x4x8x8x2 filter:3x3x3x2x1 bias:1 padding=VALID stride_d=1 stride_w=1 "
                "stride_h=1 -> float32[1x2x6x6x1]"
            ),
            (
                "CONV_3D input:1x4x8x8x2 filter:3x3x3x2x1 bias:1 padding=VALID stride_d=1 stride_w=1 "
                "stride_h=1 -> float32[1x2x6x6x1]"
            ),
            "CONCATENATION values:1x2x6x6x1 values:1x2x6x6x1 axis=4 -> float32[1x2x6x6x2]",
        ],
    ),
    "computed weights": (
        "g (float[1,3,8,8] x, float[4,3,3,3] w) => (float[1,4,6,6] y) { y = Conv (x, w) }",
        [
            "TRANSPOSE input:4x3x3x3 perm:(0,2,3,1) -> float32[4x3x3x3]",
            ("CONV_2D input:1x8x8x3 filter:4x3x3x3 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x6x6x4]"),
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
