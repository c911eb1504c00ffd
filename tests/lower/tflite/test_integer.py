"""Products of integers."""

import pytest

CASES = {
    "matmul": (
        (
            "g (uint8[2,4] a) => (int32[2,3] y) <int8[4,3] w = {1,2,3,4,5,6,7,8,9,1,2,3}, uint8 z = {128}> { y = "
            "MatMulInteger (a, w, z) }"
        ),
        [
            "CAST input:2x4 in_data_type=UINT8 out_data_type=FLOAT32 -> float32[2x4]",
            "SUB lhs:2x4 rhs:scalar -> float32[2x4]",
            "BATCH_MATMUL x:2x4 y:4x3 adj_x=False adj_y=False -> float32[2x3]",
            "ROUND x:2x3 -> float32[2x3]",
            "CAST input:2x3 in_data_type=FLOAT32 out_data_type=INT32 -> int32[2x3]",
        ],
    ),
    "conv": (
        (
            "g (uint8[1,3,8,8] x, uint8 z) => (int32[1,4,6,6] y) <int64[4] s = {4,3,3,3}> { w = ConstantOfShape "
            "<value = int8[1] {1}> (s) y = ConvInteger (x, w, z) }"
        ),
        [
            "CAST input:1x8x8x3 in_data_type=UINT8 out_data_type=FLOAT32 -> float32[1x8x8x3]",
            "CAST input:scalar in_data_type=UINT8 out_data_type=FLOAT32 -> float32[scalar]",
            "SUB lhs:1x8x8x3 rhs:scalar -> float32[1x8x8x3]",
            "CONV_2D input:1x8x8x3 filter:4x3x3x3 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x6x6x4]",
            "CAST input:1x6x6x4 in_data_type=FLOAT32 out_data_type=INT32 -> int32[1x6x6x4]",
        ],
    ),
    "grouped conv has none": (
        (
            "g (uint8[1,4,8,8] x) => (int32[1,4,6,6] y) <int64[4] s = {4,2,3,3}> { w = ConstantOfShape <value = "
            "int8[1] {1}> (s) y = ConvInteger <group = 2> (x, w) }"
        ),
        [
            "onnx.ConvInteger x:1x4x8x8 w:4x2x3x3 group=2 -> int32[1x4x6x6]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
