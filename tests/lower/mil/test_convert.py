"""Casts and quantisation."""

import pytest

CASES = {
    "cast": (
        "g (float[2] x) => (bool[2] y) { y = Cast <to = 9> (x) }",
        ["cast x:2 dtype=bool -> bool[2]"],
    ),
    "int64 to int32 is nothing": (
        "g (int64[2] x) => (int32[2] y) { c = Cast <to = 6> (x) y = Abs (c) }",
        ["abs x:2 -> int32[2]"],
    ),
    "to a string has no lowering": (
        "g (float[2] x) => (string[2] y) { y = Cast <to = 8> (x) }",
        ["onnx.Cast input:2 to=8 -> string[2]"],
    ),
    "quantize": (
        "g (float[2,4] x) => (uint8[2,4] y) <float s = {0.1}, uint8 z = {3}> { y = QuantizeLinear (x, s, z) }",
        ["quantize input:2x4 scale:scalar zero_point:scalar output_dtype=uint8 -> uint8[2x4]"],
    ),
    "quantize by channel": (
        (
            "g (float[2,4] x) => (int8[2,4] y) <float[4] s = {0.1,0.1,0.1,0.1}, int8[4] z = {0,0,0,0}> { y = "
            "QuantizeLinear <axis = -1> (x, s, z) }"
        ),
        ["quantize input:2x4 scale:4 zero_point:4 axis=1 output_dtype=int8 -> int8[2x4]"],
    ),
    "to 16 bits has no lowering": (
        "21: g (float[2,4] x) => (int16[2,4] y) <float s = {0.1}, int16 z = {0}> { y = QuantizeLinear (x, s, z) }",
        ["onnx.QuantizeLinear x:2x4 y_scale:scalar y_zero_point:scalar -> int16[2x4]"],
    ),
    "dequantize": (
        "g (uint8[2,4] x) => (float[2,4] y) <float s = {0.1}, uint8 z = {3}> { y = DequantizeLinear (x, s, z) }",
        ["dequantize input:2x4 scale:scalar zero_point:scalar -> float32[2x4]"],
    ),
    "a quantised weight": (
        (
            "g (float[2,2] x) => (float[2,4] y) <int8[2,4] q = {1,2,3,4,5,6,7,8}, float[4] s = "
            "{0.1,0.1,0.1,0.1}, int8[4] z = {0,0,0,0}> { w = DequantizeLinear <axis = 1> (q, s, z) y = MatMul "
            "(x, w) }"
        ),
        [
            "constexpr_affine_dequantize quantized_data:4x2 scale:4 zero_point:4 axis=0 -> float32[4x2]",
            "linear x:2x2 weight:4x2 -> float32[2x4]",
        ],
    ),
    "a quantised weight as it lies": (
        (
            "g (float[2,4] x) => (float[2,3] y) <int8[3,4] q = {1,2,3,4,5,6,7,8,9,1,2,3}, float s = {0.1}> { w = "
            "DequantizeLinear (q, s) y = Gemm <transB = 1> (x, w) }"
        ),
        [
            "constexpr_affine_dequantize quantized_data:3x4 scale:scalar zero_point:scalar axis=0 -> float32[3x4]",
            "linear x:2x4 weight:3x4 -> float32[2x3]",
        ],
    ),
    "a quantised bias is a constant": (
        (
            "g (float[2,4] x) => (float[2,4] y) <int32[4] q = {1,2,3,4}, float s = {0.1}> { c = DequantizeLinear "
            "(q, s) y = Add (x, c) }"
        ),
        ["add x:2x4 y:4 -> float32[2x4]"],
    ),
    "a weight of four bits with a scale for each channel": (
        (
            "21: g (float[1,3,16] x) => (float[1,3,6] y) <int64[2] a = {16,6}, float[6] s = {1,1,1,1,1,1}> { w = "
            "ConstantOfShape <value = int8[1] {1}> (a) v = Cast <to = 22> (w) d = DequantizeLinear <axis = 1> (v, s) "
            "y = MatMul (x, d) }"
        ),
        [
            "constexpr_blockwise_shift_scale data:6x16 scale:6x1 offset:6x1 -> float32[6x16]",
            "linear x:1x3x16 weight:6x16 -> float32[1x3x6]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
