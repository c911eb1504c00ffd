"""Matrix products."""

import pytest

CASES = {
    "gemm": (
        (
            "g (float[2,8] x) => (float[2,4] y) <int64[2] s = {4,8}, float[4] c = {0,0,0,0}> { w = "
            "ConstantOfShape (s) t = Gemm <transB = 1> (x, w, c) y = Relu (t) }"
        ),
        [
            (
                "FULLY_CONNECTED input:2x8 filter:4x8 bias:(0,0,0,0) fused_activation_function=RELU "
                "keep_num_dims=False -> float32[2x4]"
            ),
        ],
    ),
    "gemm with factors": (
        (
            "g (float[2,8] x) => (float[2,4] y) <int64[2] s = {8,4}, float[1,4] c = {0,0,0,0}> { w = "
            "ConstantOfShape (s) y = Gemm <alpha = 2.0, beta = 0.5> (x, w, c) }"
        ),
        [
            "FULLY_CONNECTED input:2x8 filter:4x8 bias:4 keep_num_dims=False -> float32[2x4]",
        ],
    ),
    "gemm of computed operands": (
        (
            "g (float[8,2] a, float[8,4] b, float[2,4] c) => (float[2,4] y) { y = Gemm <transA = 1, alpha = "
            "2.0> (a, b, c) }"
        ),
        [
            "BATCH_MATMUL x:8x2 y:8x4 adj_x=True adj_y=False -> float32[2x4]",
            "MUL lhs:2x4 rhs:2 -> float32[2x4]",
            "ADD lhs:2x4 rhs:2x4 -> float32[2x4]",
        ],
    ),
    "matmul by a constant with a bias": (
        (
            "g (float[2,5,8] x) => (float[2,5,4] y) <int64[2] s = {8,4}, float[4] c = {1,2,3,4}> { w = "
            "ConstantOfShape (s) t = MatMul (x, w) y = Add (t, c) }"
        ),
        [
            "FULLY_CONNECTED input:2x5x8 filter:4x8 bias:(1,2,3,4) keep_num_dims=True -> float32[2x5x4]",
        ],
    ),
    "matmul of computed operands": (
        "g (float[2,3,5,8] a, float[2,3,8,4] b) => (float[2,3,5,4] y) { y = MatMul (a, b) }",
        [
            "BATCH_MATMUL x:2x3x5x8 y:2x3x8x4 adj_x=False adj_y=False -> float32[2x3x5x4]",
        ],
    ),
    "matmul by a swapped operand": (
        (
            "g (float[2,5,8] a, float[2,4,8] b) => (float[2,5,4] y) { t = Transpose <perm = [0,2,1]> (b) y = "
            "MatMul (a, t) }"
        ),
        [
            "BATCH_MATMUL x:2x5x8 y:2x4x8 adj_x=False adj_y=True -> float32[2x5x4]",
        ],
    ),
    "matmul of a vector": (
        "g (float[8] a, float[3,8,4] b) => (float[3,4] y) { y = MatMul (a, b) }",
        [
            "RESHAPE input:8 shape:(1,8) -> float32[1x8]",
            "BATCH_MATMUL x:1x8 y:3x8x4 adj_x=False adj_y=False -> float32[3x1x4]",
            "RESHAPE input:3x1x4 shape:(3,4) -> float32[3x4]",
        ],
    ),
    "attention": (
        (
            "g (float[1,6,2,4] q, float[1,6,2,4] k) => (float[1,2,6,6] y) { a = Transpose <perm = [0,2,1,3]> "
            "(q) b = Transpose <perm = [0,2,3,1]> (k) t = MatMul (a, b) y = Softmax (t) }"
        ),
        [
            "TRANSPOSE input:1x6x2x4 perm:(0,2,1,3) -> float32[1x2x6x4]",
            "TRANSPOSE input:1x6x2x4 perm:(0,2,3,1) -> float32[1x2x4x6]",
            "BATCH_MATMUL x:1x2x6x4 y:1x2x4x6 adj_x=False adj_y=False -> float32[1x2x6x6]",
            "SOFTMAX input:1x2x6x6 beta=1.0 -> float32[1x2x6x6]",
        ],
    ),
    "fused matmul": (
        (
            "g (float[2,5,8] a, float[2,4,8] b) => (float[2,5,4] y) { y = com.microsoft.FusedMatMul <transB ="
            " 1, alpha = 0.5> (a, b) }"
        ),
        [
            "BATCH_MATMUL x:2x5x8 y:2x4x8 adj_x=False adj_y=True -> float32[2x5x4]",
            "MUL lhs:2x5x4 rhs:0.5 -> float32[2x5x4]",
        ],
    ),
    "matmul of many batch axes": (
        "g (float[2,3,2,2,5,8] a, float[2,3,2,2,8,4] b) => (float[2,3,2,2,5,4] y) { y = MatMul (a, b) }",
        [
            "RESHAPE input:2x3x2x2x5x8 shape:(24,5,8) -> float32[24x5x8]",
            "RESHAPE input:2x3x2x2x8x4 shape:(24,8,4) -> float32[24x8x4]",
            "BATCH_MATMUL x:24x5x8 y:24x8x4 adj_x=False adj_y=False -> float32[24x5x4]",
            "RESHAPE input:24x5x4 shape:(2,3,2,2,5,4) -> float32[2x3x2x2x5x4]",
        ],
    ),
    "matmul by an operand that only a reshape swaps": (
        (
            "g (float[1,6,1,4] q, float[1,6,1,4] k) => (float[1,1,6,6] y) { a = Transpose <perm = [0,2,1,3]> "
            "(q) b = Transpose <perm = [0,2,3,1]> (k) y = MatMul (a, b) }"
        ),
        [
            "RESHAPE input:1x6x1x4 shape:(1,1,6,4) -> float32[1x1x6x4]",
            "RESHAPE input:1x6x1x4 shape:(1,1,6,4) -> float32[1x1x6x4]",
            "BATCH_MATMUL x:1x1x6x4 y:1x1x6x4 adj_x=False adj_y=True -> float32[1x1x6x6]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
