"""Einsum."""

import pytest

CASES = {
    "scores": (
        (
            "g (float[1,3,2,8] q, float[1,5,2,8] k) => (float[1,2,3,5] y) { y = Einsum <equation = "
            '"bqhd,bkhd->bhqk"> (q, k) }'
        ),
        [
            "TRANSPOSE input:1x3x2x8 perm:(0,2,1,3) -> float32[1x2x3x8]",
            "TRANSPOSE input:1x5x2x8 perm:(0,2,1,3) -> float32[1x2x5x8]",
            "BATCH_MATMUL x:1x2x3x8 y:1x2x5x8 adj_x=False adj_y=True -> float32[1x2x3x5]",
        ],
    ),
    "weights": (
        (
            "g (float[1,3,8] x) => (float[1,3,2,4] y) <int64[3] s = {8,2,4}> { w = ConstantOfShape (s) y = Einsum "
            '<equation = "bsd,dhk->bshk"> (x, w) }'
        ),
        [
            "RESHAPE input:1x3x8 shape:(3,8) -> float32[3x8]",
            "BATCH_MATMUL x:3x8 y:8x8 adj_x=False adj_y=True -> float32[3x8]",
            "RESHAPE input:3x8 shape:(1,3,2,4) -> float32[1x3x2x4]",
        ],
    ),
    "ellipses": (
        (
            'g (float[2,3,8] x, float[2,8,5] z) => (float[2,3,5] y) { y = Einsum <equation = "...ij,...jk->...ik"> '
            "(x, z) }"
        ),
        [
            "TRANSPOSE input:2x8x5 perm:(0,2,1) -> float32[2x5x8]",
            "BATCH_MATMUL x:2x3x8 y:2x5x8 adj_x=False adj_y=True -> float32[2x3x5]",
        ],
    ),
    "one operand": (
        'g (float[2,3,8] x) => (float[8,2] y) { y = Einsum <equation = "abc->ca"> (x) }',
        [
            "SUM input:2x3x8 axes:(1) keep_dims=False -> float32[2x8]",
            "TRANSPOSE input:2x8 perm:(1,0) -> float32[8x2]",
        ],
    ),
    "elementwise": (
        'g (float[2,3] x, float[2,3] z) => (float[3,2] y) { y = Einsum <equation = "ab,ab->ba"> (x, z) }',
        [
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
            "TRANSPOSE input:2x3 perm:(1,0) -> float32[3x2]",
        ],
    ),
    "a diagonal has none": (
        'g (float[3,3] x) => (float[3] y) { y = Einsum <equation = "ii->i"> (x) }',
        [
            "onnx.Einsum Inputs:3x3 equation=ii->i -> float32[3]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
