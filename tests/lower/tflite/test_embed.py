"""Embeddings and skips with a normalisation behind."""

import pytest

CASES = {
    "embedding": (
        (
            "g (int32[1,3] i, int32[1,3] t) => (float[1,3,8] y) <int64[2] a = {9,8}, int64[1] b = {8}> { w = "
            "ConstantOfShape (a) p = ConstantOfShape (a) s = ConstantOfShape (a) c = ConstantOfShape (b) d = "
            "ConstantOfShape (b) y = com.microsoft.EmbedLayerNormalization (i, t, w, p, s, c, d) }"
        ),
        [
            "LESS lhs:1x3 rhs:0 -> bool[1x3]",
            "ADD lhs:1x3 rhs:9 -> int32[1x3]",
            "SELECT condition:1x3 x:1x3 y:1x3 -> int32[1x3]",
            "GATHER params:9x8 indices:1x3 axis=0 batch_dims=0 -> float32[1x3x8]",
            "ADD lhs:1x3x8 rhs:1x3x8 -> float32[1x3x8]",
            "LESS lhs:1x3 rhs:0 -> bool[1x3]",
            "ADD lhs:1x3 rhs:9 -> int32[1x3]",
            "SELECT condition:1x3 x:1x3 y:1x3 -> int32[1x3]",
            "GATHER params:9x8 indices:1x3 axis=0 batch_dims=0 -> float32[1x3x8]",
            "ADD lhs:1x3x8 rhs:1x3x8 -> float32[1x3x8]",
            "MEAN input:1x3x8 axis:(2) keep_dims=True -> float32[1x3x1]",
            "SUB lhs:1x3x8 rhs:1x3x1 -> float32[1x3x8]",
            "MUL lhs:1x3x8 rhs:1x3x8 -> float32[1x3x8]",
            "MEAN input:1x3x8 axis:(2) keep_dims=True -> float32[1x3x1]",
            "ADD lhs:1x3x1 rhs:1e-12 -> float32[1x3x1]",
            "SQRT x:1x3x1 -> float32[1x3x1]",
            "DIV lhs:1 rhs:1x3x1 -> float32[1x3x1]",
            "MUL lhs:1x3x8 rhs:1x3x1 -> float32[1x3x8]",
            "MUL lhs:1x3x8 rhs:(0,0,0,0,0,0,0,0) -> float32[1x3x8]",
            "ADD lhs:1x3x8 rhs:(0,0,0,0,0,0,0,0) -> float32[1x3x8]",
        ],
    ),
    "skip": (
        (
            "g (float[1,3,8] x, float[1,3,8] s) => (float[1,3,8] y) <int64[1] b = {8}> { c = ConstantOfShape (b) y "
            "= com.microsoft.SkipSimplifiedLayerNormalization (x, s, c) }"
        ),
        [
            "ADD lhs:1x3x8 rhs:1x3x8 -> float32[1x3x8]",
            "MUL lhs:1x3x8 rhs:1x3x8 -> float32[1x3x8]",
            "MEAN input:1x3x8 axis:(2) keep_dims=True -> float32[1x3x1]",
            "ADD lhs:1x3x1 rhs:1e-12 -> float32[1x3x1]",
            "RSQRT x:1x3x1 -> float32[1x3x1]",
            "MUL lhs:1x3x8 rhs:1x3x1 -> float32[1x3x8]",
            "MUL lhs:1x3x8 rhs:(0,0,0,0,0,0,0,0) -> float32[1x3x8]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
