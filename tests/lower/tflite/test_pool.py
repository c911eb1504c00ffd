"""Pools."""

import pytest

CASES = {
    "maximum, padded": (
        (
            "g (float[1,3,8,8] x) => (float[1,3,4,4] y) { y = MaxPool <kernel_shape = [3,3], strides = [2,2],"
            " pads = [1,1,1,1]> (x) }"
        ),
        [
            ("PADV2 input:1x8x8x3 padding:(0,0,1,1,1,1,0,0)4x2 constant_values:-3.40282e+38 -> float32[1x10x10x3]"),
            (
                "MAX_POOL_2D input:1x10x10x3 padding=VALID stride_w=2 stride_h=2 filter_width=3 "
                "filter_height=3 -> float32[1x4x4x3]"
            ),
        ],
    ),
    "maximum rounded up, which is SAME": (
        (
            "g (float[1,3,8,8] x) => (float[1,3,4,4] y) { y = MaxPool <kernel_shape = [3,3], strides = [2,2],"
            " ceil_mode = 1> (x) }"
        ),
        [
            (
                "MAX_POOL_2D input:1x8x8x3 padding=SAME stride_w=2 stride_h=2 filter_width=3 filter_height=3 "
                "-> float32[1x4x4x3]"
            ),
        ],
    ),
    "average without padding and a relu": (
        (
            "g (float[1,3,8,8] x) => (float[1,3,4,4] y) { t = AveragePool <kernel_shape = [2,2], strides = "
            "[2,2]> (x) y = Relu (t) }"
        ),
        [
            (
                "AVERAGE_POOL_2D input:1x8x8x3 padding=VALID stride_w=2 stride_h=2 filter_width=2 "
                "filter_height=2 fused_activation_function=RELU -> float32[1x4x4x3]"
            ),
        ],
    ),
    "average that SAME computes": (
        ("g (float[1,3,8,8] x) => (float[1,3,8,8] y) { y = AveragePool <kernel_shape = [3,3], pads = [1,1,1,1]> (x) }"),
        [
            (
                "AVERAGE_POOL_2D input:1x8x8x3 padding=SAME stride_w=1 stride_h=1 filter_width=3 "
                "filter_height=3 -> float32[1x8x8x3]"
            ),
        ],
    ),
    "average that counts the padding": (
        (
            "g (float[1,3,8,8] x) => (float[1,3,8,8] y) { y = AveragePool <kernel_shape = [3,3], pads = "
            "[1,1,1,1], count_include_pad = 1> (x) }"
        ),
        [
            "PAD input:1x8x8x3 padding:(0,0,1,1,1,1,0,0)4x2 -> float32[1x10x10x3]",
            (
                "AVERAGE_POOL_2D input:1x10x10x3 padding=VALID stride_w=1 stride_h=1 filter_width=3 "
                "filter_height=3 -> float32[1x8x8x3]"
            ),
        ],
    ),
    "average that must not count the padding": (
        (
            "g (float[1,3,4,4] x) => (float[1,3,2,2] y) { y = AveragePool <kernel_shape = [3,3], pads = "
            "[1,1,1,1], strides = [2,2]> (x) }"
        ),
        [
            "PAD input:1x4x4x3 padding:(0,0,1,1,1,1,0,0)4x2 -> float32[1x6x6x3]",
            (
                "AVERAGE_POOL_2D input:1x6x6x3 padding=VALID stride_w=2 stride_h=2 filter_width=3 "
                "filter_height=3 -> float32[1x2x2x3]"
            ),
            "MUL lhs:1x2x2x3 rhs:(2.25,1.5,1.5,1)1x2x2x1 -> float32[1x2x2x3]",
        ],
    ),
    "one axis": (
        "g (float[1,3,8] x) => (float[1,3,4] y) { y = MaxPool <kernel_shape = [2], strides = [2]> (x) }",
        [
            "RESHAPE input:1x8x3 shape:(1,1,8,3) -> float32[1x1x8x3]",
            (
                "MAX_POOL_2D input:1x1x8x3 padding=VALID stride_w=2 stride_h=1 filter_width=2 filter_height=1"
                " -> float32[1x1x4x3]"
            ),
            "RESHAPE input:1x1x4x3 shape:(1,4,3) -> float32[1x4x3]",
        ],
    ),
    "three axes": (
        (
            "g (float[1,3,4,8,8] x) => (float[1,3,2,4,4] y) { y = MaxPool <kernel_shape = [2,2,2], strides = "
            "[2,2,2]> (x) }"
        ),
        [
            "RESHAPE input:1x4x8x8x3 shape:(4,8,8,3) -> float32[4x8x8x3]",
            (
                "MAX_POOL_2D input:4x8x8x3 padding=VALID stride_w=2 stride_h=2 filter_width=2 filter_height=2"
                " -> float32[4x4x4x3]"
            ),
            "RESHAPE input:4x4x4x3 shape:(1,4,16,3) -> float32[1x4x16x3]",
            (
                "MAX_POOL_2D input:1x4x16x3 padding=VALID stride_w=1 stride_h=2 filter_width=1 "
                "filter_height=2 -> float32[1x2x16x3]"
            ),
            "RESHAPE input:1x2x16x3 shape:(1,2,4,4,3) -> float32[1x2x4x4x3]",
        ],
    ),
    "of power 2": (
        "g (float[1,3,8,8] x) => (float[1,3,4,4] y) { y = LpPool <kernel_shape = [2,2], strides = [2,2]> (x) }",
        [
            "ABS x:1x8x8x3 -> float32[1x8x8x3]",
            "POW lhs:1x8x8x3 rhs:2 -> float32[1x8x8x3]",
            (
                "AVERAGE_POOL_2D input:1x8x8x3 padding=VALID stride_w=2 stride_h=2 filter_width=2 "
                "filter_height=2 -> float32[1x4x4x3]"
            ),
            "MUL lhs:1x4x4x3 rhs:4 -> float32[1x4x4x3]",
            "POW lhs:1x4x4x3 rhs:0.5 -> float32[1x4x4x3]",
        ],
    ),
    "whole planes between convolutions": (
        (
            "g (float[1,4,8,8] x) => (float[1,4,1,1] y) <int64[4] s = {4,4,1,1}> { w = ConstantOfShape (s) t "
            "= Conv (x, w) u = GlobalAveragePool (t) y = Conv (u, w) }"
        ),
        [
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            "MEAN input:1x8x8x4 axis:(1,2) keep_dims=True -> float32[1x1x1x4]",
            ("CONV_2D input:1x1x1x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x1x1x4]"),
        ],
    ),
    "whole planes": (
        "g (float[1,4,8,8] x) => (float[1,4,1,1] y) { y = GlobalMaxPool (x) }",
        [
            "REDUCE_MAX input:1x4x8x8 axes:(2,3) keep_dims=True -> float32[1x4x1x1]",
        ],
    ),
    "dilated windows": (
        ("g (float[1,3,8,8] x) => (float[1,3,6,6] y) { y = MaxPool <kernel_shape = [2,2], dilations = [2,2]> (x) }"),
        [
            "onnx.MaxPool X:1x3x8x8 kernel_shape=(2,2) dilations=(2,2) -> float32[1x3x6x6]",
        ],
    ),
    "indices": (
        (
            "g (float[1,3,8,8] x) => (float[1,3,4,4] y, int64[1,3,4,4] i) { y, i = MaxPool <kernel_shape = "
            "[2,2], strides = [2,2]> (x) }"
        ),
        [
            "onnx.MaxPool X:1x3x8x8 kernel_shape=(2,2) strides=(2,2) -> float32[1x3x4x4], int64[1x3x4x4]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
