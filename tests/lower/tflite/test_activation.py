"""Activations."""

import pytest

CASES = {
    "clips": (
        (
            "g (float[2,3] x) => (float[2,3] y) <float a = {0}, float b = {6}, float c = {-1}, float d = {1},"
            " float e = {0.5}> { t = Clip (x, a, b) u = Clip (t, c, d) v = Clip (u, e) y = Clip (v, a, d) }"
        ),
        [
            "RELU6 x:2x3 -> float32[2x3]",
            "RELU_N1_TO_1 x:2x3 -> float32[2x3]",
            "MAXIMUM lhs:2x3 rhs:0.5 -> float32[2x3]",
            "RELU_0_TO_1 x:2x3 -> float32[2x3]",
        ],
    ),
    "integers": (
        "g (int32[2,3] x) => (int32[2,3] y) { y = Relu (x) }",
        [
            "MAXIMUM lhs:2x3 rhs:0 -> int32[2x3]",
        ],
    ),
    "leaky": (
        "g (float[2,3] x) => (float[2,3] y) { y = LeakyRelu <alpha = 0.1> (x) }",
        [
            "LEAKY_RELU input:2x3 alpha=0.10000000149011612 -> float32[2x3]",
        ],
    ),
    "slopes of a channel behind a convolution": (
        (
            "g (float[1,4,8,8] x) => (float[1,4,8,8] y) <int64[4] s = {4,4,1,1}, float[4,1,1] p = {1,2,3,4}> "
            "{ w = ConstantOfShape (s) t = Conv (x, w) y = PRelu (t, p) }"
        ),
        [
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            "PRELU input:1x8x8x4 alpha:(1,2,3,4)1x1x4 -> float32[1x8x8x4]",
        ],
    ),
    "computed slopes": (
        "g (float[2,3] x, float[3] p) => (float[2,3] y) { y = PRelu (x, p) }",
        [
            "MINIMUM lhs:2x3 rhs:0 -> float32[2x3]",
            "MUL lhs:2x3 rhs:3 -> float32[2x3]",
            "RELU x:2x3 -> float32[2x3]",
            "ADD lhs:2x3 rhs:2x3 -> float32[2x3]",
        ],
    ),
    "exponential": (
        "g (float[2,3] x) => (float[2,3] y) { t = Elu (x) y = Celu <alpha = 2.0> (t) }",
        [
            "ELU x:2x3 -> float32[2x3]",
            "RELU x:2x3 -> float32[2x3]",
            "MINIMUM lhs:2x3 rhs:0 -> float32[2x3]",
            "MUL lhs:2x3 rhs:0.5 -> float32[2x3]",
            "EXP x:2x3 -> float32[2x3]",
            "SUB lhs:2x3 rhs:1 -> float32[2x3]",
            "MUL lhs:2x3 rhs:2 -> float32[2x3]",
            "ADD lhs:2x3 rhs:2x3 -> float32[2x3]",
        ],
    ),
    "selu": (
        "g (float[2,3] x) => (float[2,3] y) { y = Selu (x) }",
        [
            "RELU x:2x3 -> float32[2x3]",
            "MINIMUM lhs:2x3 rhs:0 -> float32[2x3]",
            "EXP x:2x3 -> float32[2x3]",
            "SUB lhs:2x3 rhs:1 -> float32[2x3]",
            "MUL lhs:2x3 rhs:1.67326 -> float32[2x3]",
            "ADD lhs:2x3 rhs:2x3 -> float32[2x3]",
            "MUL lhs:2x3 rhs:1.0507 -> float32[2x3]",
        ],
    ),
    "thresholded": (
        "g (float[2,3] x) => (float[2,3] y) { y = ThresholdedRelu <alpha = 2.0> (x) }",
        [
            "GREATER lhs:2x3 rhs:2 -> bool[2x3]",
            "CAST input:2x3 in_data_type=BOOL out_data_type=FLOAT32 -> float32[2x3]",
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
        ],
    ),
    "shrink": (
        "g (float[2,3] x) => (float[2,3] y) { y = Shrink <lambd = 1.5, bias = 1.5> (x) }",
        [
            "ADD lhs:2x3 rhs:1.5 -> float32[2x3]",
            "SUB lhs:2x3 rhs:1.5 -> float32[2x3]",
            "LESS lhs:2x3 rhs:-1.5 -> bool[2x3]",
            "GREATER lhs:2x3 rhs:1.5 -> bool[2x3]",
            "SELECT_V2 condition:2x3 x:2x3 y:0 -> float32[2x3]",
            "SELECT_V2 condition:2x3 x:2x3 y:2x3 -> float32[2x3]",
        ],
    ),
    "hard": (
        "g (float[2,3] x) => (float[2,3] y) { t = HardSigmoid (x) y = HardSwish (t) }",
        [
            "MUL lhs:2x3 rhs:0.2 -> float32[2x3]",
            "ADD lhs:2x3 rhs:0.5 -> float32[2x3]",
            "RELU_0_TO_1 x:2x3 -> float32[2x3]",
            "HARD_SWISH input:2x3 -> float32[2x3]",
        ],
    ),
    "gelu": (
        '20: g (float[2,3] x) => (float[2,3] y) { t = Gelu (x) y = Gelu <approximate = "tanh"> (t) }',
        [
            "GELU input:2x3 approximate=False -> float32[2x3]",
            "GELU input:2x3 approximate=True -> float32[2x3]",
        ],
    ),
    "gelu with a bias": (
        (
            "g (float[2,3] x, float[3] b) => (float[2,3] y) { t = com.microsoft.BiasGelu (x, b) y = "
            "com.microsoft.QuickGelu (t) }"
        ),
        [
            "ADD lhs:2x3 rhs:3 -> float32[2x3]",
            "GELU input:2x3 approximate=False -> float32[2x3]",
            "MUL lhs:2x3 rhs:1.702 -> float32[2x3]",
            "LOGISTIC x:2x3 -> float32[2x3]",
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
        ],
    ),
    "mish": (
        "g (float[2,3] x) => (float[2,3] y) { y = Mish (x) }",
        [
            "EXP x:2x3 -> float32[2x3]",
            "ADD lhs:2x3 rhs:1 -> float32[2x3]",
            "LOG x:2x3 -> float32[2x3]",
            "TANH input:2x3 -> float32[2x3]",
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
