"""Changes between integers and the reals they stand for."""

import pytest

CASES = {
    "quantize": (
        "g (float[2,4] x) => (int8[2,4] y) <float s = {0.5}, int8 z = {3}> { y = QuantizeLinear (x, s, z) }",
        [
            "QUANTIZE input:2x4 -> int8[2x4]",
        ],
    ),
    "of 16 unsigned bits has none": (
        "21: g (float[2,4] x) => (uint16[2,4] y) <float s = {0.5}, uint16 z = {3}> { y = QuantizeLinear (x, s, z) }",
        [
            "onnx.QuantizeLinear x:2x4 y_scale:0.5 y_zero_point:3 -> uint16[2x4]",
        ],
    ),
    "a scale of run time has none": (
        "g (float[2,4] x, float s) => (uint8[2,4] y) { y = QuantizeLinear (x, s) }",
        [
            "onnx.QuantizeLinear x:2x4 y_scale:scalar -> uint8[2x4]",
        ],
    ),
    "dequantize": (
        (
            "g (int8[2,4] x) => (float[2,4] y) <float[4] s = {1, 2, 3, 4}, int8[4] z = {0, 0, 0, 0}> { y = "
            "DequantizeLinear (x, s, z) }"
        ),
        [
            "DEQUANTIZE input:2x4 -> float32[2x4]",
        ],
    ),
    "a bias becomes a constant": (
        (
            "g (float[2,4] x) => (float[2,4] y) <int32[4] b = {1, 2, 3, 4}, float s = {0.5}> { c = DequantizeLinear "
            "(b, s) y = Add (x, c) }"
        ),
        [
            "ADD lhs:2x4 rhs:4 -> float32[2x4]",
        ],
    ),
    "dynamic": (
        "g (float[2,4] x) => (uint8[2,4] y, float s, uint8 z) { y, s, z = DynamicQuantizeLinear (x) }",
        [
            "NEG x:2x4 -> float32[2x4]",
            "REDUCE_MAX input:2x4 axes:(0,1) keep_dims=False -> float32[scalar]",
            "NEG x:scalar -> float32[scalar]",
            "REDUCE_MAX input:2x4 axes:(0,1) keep_dims=False -> float32[scalar]",
            "MINIMUM lhs:scalar rhs:0 -> float32[scalar]",
            "RELU x:scalar -> float32[scalar]",
            "SUB lhs:scalar rhs:scalar -> float32[scalar]",
            "MUL lhs:scalar rhs:0.00392157 -> float32[scalar]",
            "MAXIMUM lhs:scalar rhs:1e-12 -> float32[scalar]",
            "DIV lhs:scalar rhs:scalar -> float32[scalar]",
            "NEG x:scalar -> float32[scalar]",
            "RELU x:scalar -> float32[scalar]",
            "MINIMUM lhs:scalar rhs:255 -> float32[scalar]",
            "ROUND x:scalar -> float32[scalar]",
            "CAST input:scalar in_data_type=FLOAT32 out_data_type=INT32 -> int32[scalar]",
            "CAST input:scalar in_data_type=INT32 out_data_type=UINT8 -> uint8[scalar]",
            "DIV lhs:2x4 rhs:scalar -> float32[2x4]",
            "ROUND x:2x4 -> float32[2x4]",
            "ADD lhs:2x4 rhs:scalar -> float32[2x4]",
            "RELU x:2x4 -> float32[2x4]",
            "MINIMUM lhs:2x4 rhs:255 -> float32[2x4]",
            "CAST input:2x4 in_data_type=FLOAT32 out_data_type=INT32 -> int32[2x4]",
            "CAST input:2x4 in_data_type=INT32 out_data_type=UINT8 -> uint8[2x4]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
