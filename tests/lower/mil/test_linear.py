"""Matrix products."""

import pytest

CASES = {
    "gemm of torch's linear": (
        (
            "g (float[2,3] x) => (float[2,4] y) <int64[2] s = {4,3}, float[4] c = {0,0,0,0}> { w = "
            "ConstantOfShape (s) y = Gemm <transB = 1> (x, w, c) }"
        ),
        ["linear x:2x3 weight:4x3 bias:4 -> float32[2x4]"],
    ),
    "gemm of a weight the other way round": (
        (
            "g (float[2,3] x) => (float[2,4] y) <int64[2] s = {3,4}> { w = ConstantOfShape (s) y = Gemm <alpha = "
            "0.5> (x, w) }"
        ),
        ["linear x:2x3 weight:4x3 -> float32[2x4]"],
    ),
    "gemm of tensors": (
        (
            "g (float[3,2] x, float[3,4] w, float[2,4] c) => (float[2,4] y) { y = Gemm <transA = 1, alpha = 2.0, "
            "beta = 0.5> (x, w, c) }"
        ),
        [
            "matmul x:3x2 y:3x4 transpose_x=True transpose_y=False -> float32[2x4]",
            "mul x:2x4 y:scalar -> float32[2x4]",
            "mul x:2x4 y:scalar -> float32[2x4]",
            "add x:2x4 y:2x4 -> float32[2x4]",
        ],
    ),
    "matmul of a weight takes the bias along": (
        (
            "g (float[2,5,3] x) => (float[2,5,4] y) <int64[2] s = {3,4}, float[4] c = {1,2,3,4}> { w = "
            "ConstantOfShape (s) m = MatMul (x, w) y = Add (c, m) }"
        ),
        ["linear x:2x5x3 weight:4x3 bias:4 -> float32[2x5x4]"],
    ),
    "a bias with two readers stays": (
        (
            "g (float[2,3] x) => (float[2,4] y, float[2,4] z) <int64[2] s = {3,4}, float[4] c = {1,2,3,4}> { w = "
            "ConstantOfShape (s) m = MatMul (x, w) y = Add (m, c) z = Relu (m) }"
        ),
        ["linear x:2x3 weight:4x3 -> float32[2x4]", "add x:2x4 y:4 -> float32[2x4]", "relu x:2x4 -> float32[2x4]"],
    ),
    "an embedding of positions is no bias": (
        (
            "g (float[1,2,3] x) => (float[1,2,4] y) <int64[2] s = {3,4}, int64[3] p = {1,2,4}> { w = "
            "ConstantOfShape (s) c = ConstantOfShape (p) m = MatMul (x, w) y = Add (m, c) }"
        ),
        ["linear x:1x2x3 weight:4x3 -> float32[1x2x4]", "add x:1x2x4 y:1x2x4 -> float32[1x2x4]"],
    ),
    "matmul of tensors transposes itself": (
        (
            "g (float[1,8,16] x, float[1,8,16] z) => (float[1,8,8] y) { t = Transpose <perm = [0,2,1]> (z) y = "
            "MatMul (x, t) }"
        ),
        ["matmul x:1x8x16 y:1x8x16 transpose_x=False transpose_y=True -> float32[1x8x8]"],
    ),
    "another transpose stays": (
        (
            "g (float[1,8,2,16] x, float[1,8,2,16] z) => (float[1,2,8,8] y) { a = Transpose <perm = [0,2,1,3]> "
            "(x) t = Transpose <perm = [0,2,3,1]> (z) y = MatMul (a, t) }"
        ),
        [
            "transpose x:1x8x2x16 perm=(0,2,1,3) -> float32[1x2x8x16]",
            "transpose x:1x8x2x16 perm=(0,2,3,1) -> float32[1x2x16x8]",
            "matmul x:1x2x8x16 y:1x2x16x8 transpose_x=False transpose_y=False -> float32[1x2x8x8]",
        ],
    ),
    "fused matmul": (
        (
            "g (float[1,8,16] x, float[1,8,16] z) => (float[1,8,8] y) { y = com.microsoft.FusedMatMul <transB = "
            "1, alpha = 0.25> (x, z) }"
        ),
        [
            "matmul x:1x8x16 y:1x8x16 transpose_x=False transpose_y=True -> float32[1x8x8]",
            "mul x:1x8x8 y:scalar -> float32[1x8x8]",
        ],
    ),
    "matrix times vector": (
        "g (float[3,4] x, float[4] w) => (float[3] y) { y = MatMul (x, w) }",
        [
            "expand_dims x:4 axes=(1,) -> float32[4x1]",
            "matmul x:3x4 y:4x1 transpose_x=False transpose_y=False -> float32[3x1]",
            "squeeze x:3x1 axes=(-1,) -> float32[3]",
        ],
    ),
    "vector times vector": (
        "g (float[4] x, float[4] w) => (float y) { y = MatMul (x, w) }",
        [
            "expand_dims x:4 axes=(0,) -> float32[1x4]",
            "expand_dims x:4 axes=(1,) -> float32[4x1]",
            "matmul x:1x4 y:4x1 transpose_x=False transpose_y=False -> float32[1x1]",
            "squeeze x:1x1 axes=(-2,-1) -> float32[scalar]",
        ],
    ),
    "vector times matrices": (
        "g (float[4] x, float[2,4,5] w) => (float[2,5] y) { y = MatMul (x, w) }",
        [
            "expand_dims x:4 axes=(0,) -> float32[1x4]",
            "matmul x:1x4 y:2x4x5 transpose_x=False transpose_y=False -> float32[2x1x5]",
            "squeeze x:2x1x5 axes=(-2,) -> float32[2x5]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
