"""Convolutions with an activation inside."""

import pytest

CASES = {
    "relu": (
        (
            "g (float[1,3,8,8] x) => (float[1,4,6,6] y) <int64[4] s = {4,3,3,3}> { w = ConstantOfShape (s) y = "
            'com.microsoft.FusedConv <activation = "Relu", kernel_shape = [3,3]> (x, w) }'
        ),
        [
            (
                "CONV_2D input:1x8x8x3 filter:4x3x3x3 bias:4 padding=VALID stride_w=1 stride_h=1 "
                "fused_activation_function=RELU -> float32[1x6x6x4]"
            ),
        ],
    ),
    "sigmoid has none": (
        (
            "g (float[1,3,8,8] x) => (float[1,4,6,6] y) <int64[4] s = {4,3,3,3}> { w = ConstantOfShape (s) y = "
            'com.microsoft.FusedConv <activation = "Sigmoid", kernel_shape = [3,3]> (x, w) }'
        ),
        [
            (
                "com.microsoft.FusedConv input0:1x3x8x8 input1:4x3x3x3 activation=Sigmoid kernel_shape=(3,3) -> "
                "float32[1x4x6x6]"
            ),
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
