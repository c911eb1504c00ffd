"""Einsum."""

import pytest

CASES = {
    "scores": (
        (
            "g (float[1,4,5,8] q, float[1,4,6,8] k) => (float[1,4,5,6] y) { y = Einsum <equation = "
            '"bnqd,bnkd->bnqk"> (q, k) }'
        ),
        ["matmul x:1x4x5x8 y:1x4x6x8 transpose_x=False transpose_y=True -> float32[1x4x5x6]"],
    ),
    "scores of interleaved heads": (
        (
            "g (float[1,5,4,8] q, float[1,6,4,8] k) => (float[1,4,5,6] y) { y = Einsum <equation = "
            '"bqnd,bknd->bnqk"> (q, k) }'
        ),
        [
            "transpose x:1x5x4x8 perm=(0,2,1,3) -> float32[1x4x5x8]",
            "transpose x:1x6x4x8 perm=(0,2,1,3) -> float32[1x4x6x8]",
            "matmul x:1x4x5x8 y:1x4x6x8 transpose_x=False transpose_y=True -> float32[1x4x5x6]",
        ],
    ),
    "values of interleaved heads": (
        (
            "g (float[1,4,5,6] p, float[1,6,4,8] v) => (float[1,5,4,8] y) { y = Einsum <equation = "
            '"bnqk,bknd->bqnd"> (p, v) }'
        ),
        [
            "transpose x:1x6x4x8 perm=(0,2,1,3) -> float32[1x4x6x8]",
            "matmul x:1x4x5x6 y:1x4x6x8 transpose_x=False transpose_y=False -> float32[1x4x5x8]",
            "transpose x:1x4x5x8 perm=(0,2,1,3) -> float32[1x5x4x8]",
        ],
    ),
    "batch and columns": (
        'g (float[2,4,6] a, float[7,6] c) => (float[2,7,4] y) { y = Einsum <equation = "bik,jk->bji"> (a, c) }',
        [
            "reshape x:2x4x6 shape=(8,6) -> float32[8x6]",
            "transpose x:7x6 perm=(1,0) -> float32[6x7]",
            "matmul x:8x6 y:6x7 transpose_x=False transpose_y=False -> float32[8x7]",
            "reshape x:8x7 shape=(2,4,7) -> float32[2x4x7]",
            "transpose x:2x4x7 perm=(0,2,1) -> float32[2x7x4]",
        ],
    ),
    "native": (
        (
            "g (float[1,2,3,4] q, float[1,4,3,5] k) => (float[1,2,3,5] y) { y = Einsum <equation = "
            '"nchw,nwhu->nchu"> (q, k) }'
        ),
        ["einsum values:1x2x3x4 values:1x4x3x5 equation=nchw,nwhu->nchu -> float32[1x2x3x5]"],
    ),
    "a weight is rearranged beforehand": (
        (
            "g (float[2,5,8] x) => (float[2,5,3,4] y) <int64[3] s = {8,3,4}> { w = ConstantOfShape (s) y = "
            'Einsum <equation = "abc,cde->abde"> (x, w) }'
        ),
        [
            "reshape x:2x5x8 shape=(10,8) -> float32[10x8]",
            "matmul x:10x8 y:8x12 transpose_x=False transpose_y=False -> float32[10x12]",
            "reshape x:10x12 shape=(2,5,3,4) -> float32[2x5x3x4]",
        ],
    ),
    "one operand": (
        'g (float[2,5,8] x) => (float[8,2] y) { y = Einsum <equation = "abc->ca"> (x) }',
        ["reduce_sum x:2x5x8 axes=(1,) keep_dims=False -> float32[2x8]", "transpose x:2x8 perm=(1,0) -> float32[8x2]"],
    ),
    "ellipsis has no lowering": (
        'g (float[2,5,8] x, float[8,3] w) => (float[2,5,3] y) { y = Einsum <equation = "...c,cd->...d"> (x, w) }',
        ["onnx.Einsum Inputs:2x5x8 Inputs:8x3 equation=...c,cd->...d -> float32[2x5x3]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
