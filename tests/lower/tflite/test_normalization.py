"""Normalisations."""

import pytest

CASES = {
    "batch norm alone": (
        (
            "g (float[1,4,8,8] x) => (float[1,4,8,8] y) <float[4] a = {1,1,1,1}> { t = MaxPool <kernel_shape "
            "= [1,1]> (x) u = BatchNormalization (t, a, a, a, a) y = Relu (u) }"
        ),
        [
            (
                "MAX_POOL_2D input:1x8x8x4 padding=VALID stride_w=1 stride_h=1 filter_width=1 filter_height=1"
                " -> float32[1x8x8x4]"
            ),
            "MUL lhs:1x8x8x4 rhs:4 -> float32[1x8x8x4]",
            "ADD lhs:1x8x8x4 rhs:4 fused_activation_function=RELU -> float32[1x8x8x4]",
        ],
    ),
    "batch norm of rank 2": (
        "g (float[2,4] x) => (float[2,4] y) <float[4] a = {1,1,1,1}> { y = BatchNormalization (x, a, a, a, a) }",
        [
            "MUL lhs:2x4 rhs:4 -> float32[2x4]",
            "ADD lhs:2x4 rhs:4 -> float32[2x4]",
        ],
    ),
    "instance norm": (
        ("g (float[1,4,8,8] x) => (float[1,4,8,8] y) <float[4] a = {1,1,1,1}> { y = InstanceNormalization (x, a, a) }"),
        [
            "MEAN input:1x4x8x8 axis:(2,3) keep_dims=True -> float32[1x4x1x1]",
            "SUB lhs:1x4x8x8 rhs:1x4x1x1 -> float32[1x4x8x8]",
            "MUL lhs:1x4x8x8 rhs:1x4x8x8 -> float32[1x4x8x8]",
            "MEAN input:1x4x8x8 axis:(2,3) keep_dims=True -> float32[1x4x1x1]",
            "ADD lhs:1x4x1x1 rhs:1e-05 -> float32[1x4x1x1]",
            "SQRT x:1x4x1x1 -> float32[1x4x1x1]",
            "DIV lhs:1 rhs:1x4x1x1 -> float32[1x4x1x1]",
            "MUL lhs:1x4x8x8 rhs:1x4x1x1 -> float32[1x4x8x8]",
            "MUL lhs:1x4x8x8 rhs:(1,1,1,1)1x4x1x1 -> float32[1x4x8x8]",
            "ADD lhs:1x4x8x8 rhs:(1,1,1,1)1x4x1x1 -> float32[1x4x8x8]",
        ],
    ),
    "layer norm": (
        "g (float[2,5,4] x) => (float[2,5,4] y) <float[4] a = {1,1,1,1}> { y = LayerNormalization (x, a, a) }",
        [
            "MEAN input:2x5x4 axis:(2) keep_dims=True -> float32[2x5x1]",
            "SUB lhs:2x5x4 rhs:2x5x1 -> float32[2x5x4]",
            "MUL lhs:2x5x4 rhs:2x5x4 -> float32[2x5x4]",
            "MEAN input:2x5x4 axis:(2) keep_dims=True -> float32[2x5x1]",
            "ADD lhs:2x5x1 rhs:1e-05 -> float32[2x5x1]",
            "SQRT x:2x5x1 -> float32[2x5x1]",
            "DIV lhs:1 rhs:2x5x1 -> float32[2x5x1]",
            "MUL lhs:2x5x4 rhs:2x5x1 -> float32[2x5x4]",
            "MUL lhs:2x5x4 rhs:(1,1,1,1) -> float32[2x5x4]",
            "ADD lhs:2x5x4 rhs:(1,1,1,1) -> float32[2x5x4]",
        ],
    ),
    "layer norm after a sum": (
        (
            "g (float[2,5,4] x, float[2,5,4] s) => (float[2,5,4] y) <float[4] a = {1,1,1,1}> { y = "
            "com.microsoft.SkipLayerNormalization (x, s, a, a) }"
        ),
        [
            "ADD lhs:2x5x4 rhs:2x5x4 -> float32[2x5x4]",
            "MEAN input:2x5x4 axis:(2) keep_dims=True -> float32[2x5x1]",
            "SUB lhs:2x5x4 rhs:2x5x1 -> float32[2x5x4]",
            "MUL lhs:2x5x4 rhs:2x5x4 -> float32[2x5x4]",
            "MEAN input:2x5x4 axis:(2) keep_dims=True -> float32[2x5x1]",
            "ADD lhs:2x5x1 rhs:1e-12 -> float32[2x5x1]",
            "SQRT x:2x5x1 -> float32[2x5x1]",
            "DIV lhs:1 rhs:2x5x1 -> float32[2x5x1]",
            "MUL lhs:2x5x4 rhs:2x5x1 -> float32[2x5x4]",
            "MUL lhs:2x5x4 rhs:(1,1,1,1) -> float32[2x5x4]",
            "ADD lhs:2x5x4 rhs:(1,1,1,1) -> float32[2x5x4]",
        ],
    ),
    "root mean square norm": (
        "23: g (float[2,5,4] x) => (float[2,5,4] y) <float[4] a = {1,1,1,1}> { y = RMSNormalization (x, a) }",
        [
            "MUL lhs:2x5x4 rhs:2x5x4 -> float32[2x5x4]",
            "MEAN input:2x5x4 axis:(2) keep_dims=True -> float32[2x5x1]",
            "ADD lhs:2x5x1 rhs:1e-05 -> float32[2x5x1]",
            "RSQRT x:2x5x1 -> float32[2x5x1]",
            "MUL lhs:2x5x4 rhs:2x5x1 -> float32[2x5x4]",
            "MUL lhs:2x5x4 rhs:(1,1,1,1) -> float32[2x5x4]",
        ],
    ),
    "group norm": (
        (
            "21: g (float[1,4,8,8] x) => (float[1,4,8,8] y) <float[4] a = {1,1,1,1}> { y = GroupNormalization"
            " <num_groups = 2> (x, a, a) }"
        ),
        [
            "RESHAPE input:1x4x8x8 shape:(1,2,128) -> float32[1x2x128]",
            "MEAN input:1x2x128 axis:(2) keep_dims=True -> float32[1x2x1]",
            "SUB lhs:1x2x128 rhs:1x2x1 -> float32[1x2x128]",
            "MUL lhs:1x2x128 rhs:1x2x128 -> float32[1x2x128]",
            "MEAN input:1x2x128 axis:(2) keep_dims=True -> float32[1x2x1]",
            "ADD lhs:1x2x1 rhs:1e-05 -> float32[1x2x1]",
            "SQRT x:1x2x1 -> float32[1x2x1]",
            "DIV lhs:1x2x128 rhs:1x2x1 -> float32[1x2x128]",
            "RESHAPE input:1x2x128 shape:(1,4,8,8) -> float32[1x4x8x8]",
            "MUL lhs:1x4x8x8 rhs:(1,1,1,1)1x4x1x1 -> float32[1x4x8x8]",
            "ADD lhs:1x4x8x8 rhs:(1,1,1,1)1x4x1x1 -> float32[1x4x8x8]",
        ],
    ),
    "mean and variance": (
        "g (float[1,4,8,8] x) => (float[1,4,8,8] y) { y = MeanVarianceNormalization (x) }",
        [
            "MEAN input:1x4x8x8 axis:(0,2,3) keep_dims=True -> float32[1x4x1x1]",
            "SUB lhs:1x4x8x8 rhs:1x4x1x1 -> float32[1x4x8x8]",
            "MUL lhs:1x4x8x8 rhs:1x4x8x8 -> float32[1x4x8x8]",
            "MEAN input:1x4x8x8 axis:(0,2,3) keep_dims=True -> float32[1x4x1x1]",
            "ADD lhs:1x4x1x1 rhs:1e-09 -> float32[1x4x1x1]",
            "SQRT x:1x4x1x1 -> float32[1x4x1x1]",
            "DIV lhs:1x4x8x8 rhs:1x4x1x1 -> float32[1x4x8x8]",
        ],
    ),
    "of length one": (
        (
            "g (float[2,4] x) => (float[2,4] y, float[2,4] z) { y = LpNormalization (x) z = LpNormalization "
            "<axis = 0> (x) }"
        ),
        [
            "L2_NORMALIZATION input:2x4 -> float32[2x4]",
            "MUL lhs:2x4 rhs:2x4 -> float32[2x4]",
            "SUM input:2x4 axes:(0) keep_dims=True -> float32[1x4]",
            "SQRT x:1x4 -> float32[1x4]",
            "DIV lhs:2x4 rhs:1x4 -> float32[2x4]",
        ],
    ),
    "local response": (
        "g (float[1,4,8,8] x) => (float[1,4,8,8] y) { y = LRN <size = 5, alpha = 0.5> (x) }",
        [
            ("LOCAL_RESPONSE_NORMALIZATION input:1x8x8x4 radius=2 bias=1.0 alpha=0.1 beta=0.75 -> float32[1x8x8x4]"),
        ],
    ),
    "layer norm whose mean is read": (
        (
            "g (float[2,5,4] x) => (float[2,5,4] y, float[2,5,1] m) <float[4] a = {1,1,1,1}> { y, m = "
            "LayerNormalization (x, a) }"
        ),
        [
            "MEAN input:2x5x4 axis:(2) keep_dims=True -> float32[2x5x1]",
            "SUB lhs:2x5x4 rhs:2x5x1 -> float32[2x5x4]",
            "MUL lhs:2x5x4 rhs:2x5x4 -> float32[2x5x4]",
            "MEAN input:2x5x4 axis:(2) keep_dims=True -> float32[2x5x1]",
            "ADD lhs:2x5x1 rhs:1e-05 -> float32[2x5x1]",
            "SQRT x:2x5x1 -> float32[2x5x1]",
            "DIV lhs:1 rhs:2x5x1 -> float32[2x5x1]",
            "MUL lhs:2x5x4 rhs:2x5x1 -> float32[2x5x4]",
            "MUL lhs:2x5x4 rhs:(1,1,1,1) -> float32[2x5x4]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
