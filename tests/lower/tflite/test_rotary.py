"""Rotary position embeddings."""

import pytest

CASES = {
    "four axes": (
        (
            "23: g (float[1,2,3,8] x, float[1,3,4] c, float[1,3,4] s) => (float[1,2,3,8] y) { y = RotaryEmbedding "
            "(x, c, s) }"
        ),
        [
            "TRANSPOSE input:1x2x3x8 perm:(0,2,1,3) -> float32[1x3x2x8]",
            "RESHAPE input:1x3x4 shape:(1,3,1,4) -> float32[1x3x1x4]",
            "RESHAPE input:1x3x4 shape:(1,3,1,4) -> float32[1x3x1x4]",
            "SLICE input:1x3x2x8 begin:(0,0,0,0) size:(1,3,2,4) -> float32[1x3x2x4]",
            "SLICE input:1x3x2x8 begin:(0,0,0,4) size:(1,3,2,4) -> float32[1x3x2x4]",
            "MUL lhs:1x3x1x4 rhs:1x3x2x4 -> float32[1x3x2x4]",
            "MUL lhs:1x3x1x4 rhs:1x3x2x4 -> float32[1x3x2x4]",
            "SUB lhs:1x3x2x4 rhs:1x3x2x4 -> float32[1x3x2x4]",
            "MUL lhs:1x3x1x4 rhs:1x3x2x4 -> float32[1x3x2x4]",
            "MUL lhs:1x3x1x4 rhs:1x3x2x4 -> float32[1x3x2x4]",
            "ADD lhs:1x3x2x4 rhs:1x3x2x4 -> float32[1x3x2x4]",
            "CONCATENATION values:1x3x2x4 values:1x3x2x4 axis=3 -> float32[1x3x2x8]",
            "TRANSPOSE input:1x3x2x8 perm:(0,2,1,3) -> float32[1x2x3x8]",
        ],
    ),
    "three axes with positions": (
        (
            "g (float[1,3,16] x, int64[1,3] p, float[9,4] c, float[9,4] s) => (float[1,3,16] y) { y = "
            "com.microsoft.RotaryEmbedding <num_heads = 2> (x, p, c, s) }"
        ),
        [
            "RESHAPE input:1x3x16 shape:(1,3,2,8) -> float32[1x3x2x8]",
            "CAST input:1x3 in_data_type=INT64 out_data_type=INT32 -> int32[1x3]",
            "GATHER params:9x4 indices:1x3 axis=0 batch_dims=0 -> float32[1x3x4]",
            "RESHAPE input:1x3x4 shape:(1,3,1,4) -> float32[1x3x1x4]",
            "CAST input:1x3 in_data_type=INT64 out_data_type=INT32 -> int32[1x3]",
            "GATHER params:9x4 indices:1x3 axis=0 batch_dims=0 -> float32[1x3x4]",
            "RESHAPE input:1x3x4 shape:(1,3,1,4) -> float32[1x3x1x4]",
            "SLICE input:1x3x2x8 begin:(0,0,0,0) size:(1,3,2,4) -> float32[1x3x2x4]",
            "SLICE input:1x3x2x8 begin:(0,0,0,4) size:(1,3,2,4) -> float32[1x3x2x4]",
            "MUL lhs:1x3x1x4 rhs:1x3x2x4 -> float32[1x3x2x4]",
            "MUL lhs:1x3x1x4 rhs:1x3x2x4 -> float32[1x3x2x4]",
            "SUB lhs:1x3x2x4 rhs:1x3x2x4 -> float32[1x3x2x4]",
            "MUL lhs:1x3x1x4 rhs:1x3x2x4 -> float32[1x3x2x4]",
            "MUL lhs:1x3x1x4 rhs:1x3x2x4 -> float32[1x3x2x4]",
            "ADD lhs:1x3x2x4 rhs:1x3x2x4 -> float32[1x3x2x4]",
            "CONCATENATION values:1x3x2x4 values:1x3x2x4 axis=3 -> float32[1x3x2x8]",
            "RESHAPE input:1x3x2x8 shape:(1,3,16) -> float32[1x3x16]",
        ],
    ),
    "interleaved has none": (
        (
            "23: g (float[1,2,3,8] x, float[1,3,4] c, float[1,3,4] s) => (float[1,2,3,8] y) { y = RotaryEmbedding "
            "<interleaved = 1> (x, c, s) }"
        ),
        [
            "onnx.RotaryEmbedding X:1x2x3x8 cos_cache:1x3x4 sin_cache:1x3x4 interleaved=1 -> float32[1x2x3x8]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
