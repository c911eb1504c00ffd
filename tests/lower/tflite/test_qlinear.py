"""QLinear ops."""

import pytest

CASES = {
    "conv": (
        (
            "g (uint8[1,3,8,8] x) => (uint8[1,3,8,8] y) <int64[4] s = {3,1,3,3}, float a = {0.5}, uint8 z = {128}, "
            "uint8 v = {3}, int32[3] b = {1,2,3}> { w = ConstantOfShape <value = uint8[1] {1}> (s) y = QLinearConv "
            "<group = 3, pads = [1,1,1,1]> (x, a, z, w, a, v, a, z, b) }"
        ),
        [
            (
                "DEPTHWISE_CONV_2D input:1x8x8x3 filter:1x3x3x3 bias:(1,2,3) padding=SAME stride_w=1 stride_h=1 "
                "depth_multiplier=1 -> uint8[1x8x8x3]"
            ),
        ],
    ),
    "matmul": (
        (
            "g (int8[1,5,4] x) => (int8[1,5,3] y) <int64[2] s = {4,3}, float a = {0.5}, int8 z = {0}> { w = "
            "ConstantOfShape <value = int8[1] {1}> (s) y = QLinearMatMul (x, a, z, w, a, z, a, z) }"
        ),
        [
            "FULLY_CONNECTED input:1x5x4 filter:3x4 bias:3 keep_num_dims=True -> int8[1x5x3]",
        ],
    ),
    "a scale of run time has none": (
        (
            "g (int8[5,4] x, int8[4,3] w, float a) => (int8[5,3] y) <int8 z = {0}> { y = QLinearMatMul (x, a, z, w, "
            "a, z, a, z) }"
        ),
        [
            (
                "onnx.QLinearMatMul a:5x4 a_scale:scalar a_zero_point:0 b:4x3 b_scale:scalar b_zero_point:0 "
                "y_scale:scalar y_zero_point:0 -> int8[5x3]"
            ),
        ],
    ),
    "add": (
        (
            "g (uint8[2,4] x, uint8[2,4] u) => (uint8[2,4] y) <float a = {0.5}, uint8 z = {128}> { y = "
            "com.microsoft.QLinearAdd (x, a, z, u, a, z, a, z) }"
        ),
        [
            "ADD lhs:2x4 rhs:2x4 -> uint8[2x4]",
        ],
    ),
    "concat": (
        (
            "g (uint8[2,4] x, uint8[2,3] u) => (uint8[2,7] y) <float a = {0.5}, uint8 z = {128}> { y = "
            "com.microsoft.QLinearConcat <axis = 1> (a, z, x, a, z, u, a, z) }"
        ),
        [
            "CONCATENATION values:2x4 values:2x3 axis=1 -> uint8[2x7]",
        ],
    ),
    "mean": (
        (
            "g (uint8[1,3,8,8] x) => (uint8[1,3,1,1] y) <float a = {0.5}, uint8 z = {128}> { y = "
            "com.microsoft.QLinearGlobalAveragePool <channels_last = 0> (x, a, z, a, z) }"
        ),
        [
            "MEAN input:1x3x8x8 axis:(2,3) keep_dims=True -> uint8[1x3x1x1]",
        ],
    ),
    "gemm": (
        (
            "g (uint8[2,4] x) => (uint8[2,3] y) <int64[2] s = {3,4}, float a = {0.5}, uint8 z = {128}, int32[3] b = "
            "{1,2,3}> { w = ConstantOfShape <value = uint8[1] {1}> (s) y = com.microsoft.QGemm <transB = 1> (x, a, "
            "z, w, a, z, b, a, z) }"
        ),
        [
            "FULLY_CONNECTED input:2x4 filter:3x4 bias:(1,2,3) keep_num_dims=False -> uint8[2x3]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
