"""Activations."""

import pytest

CASES = {
    "relu": (
        "g (float[1,8] x) => (float[1,8] y) { y = Relu (x) }",
        ["relu x:1x8 -> float32[1x8]"],
    ),
    "relu of integers": (
        "g (int32[1,8] x) => (int32[1,8] y) { y = Relu (x) }",
        ["maximum x:1x8 y:scalar -> int32[1x8]"],
    ),
    "leaky relu default": (
        "g (float[1,8] x) => (float[1,8] y) { y = LeakyRelu (x) }",
        ["leaky_relu x:1x8 alpha=0.01 -> float32[1x8]"],
    ),
    "selu": (
        "g (float[1,8] x) => (float[1,8] y) { y = Selu (x) }",
        ["elu x:1x8 alpha=1.6732632423543772 -> float32[1x8]", "mul x:1x8 y:scalar -> float32[1x8]"],
    ),
    "celu of one is elu": (
        "g (float[1,8] x) => (float[1,8] y) { y = Celu (x) }",
        ["elu x:1x8 alpha=1.0 -> float32[1x8]"],
    ),
    "celu of two has no lowering": (
        "g (float[1,8] x) => (float[1,8] y) { y = Celu <alpha = 2.0> (x) }",
        ["onnx.Celu X:1x8 alpha=2.0 -> float32[1x8]"],
    ),
    "prelu by channel": (
        "g (float[1,2,4,4] x) => (float[1,2,4,4] y) <float[2,1,1] s = {0.1, 0.2}> { y = PRelu (x, s) }",
        ["prelu x:1x2x4x4 alpha:2 -> float32[1x2x4x4]"],
    ),
    "prelu of rank 2": (
        "g (float[3,2] x) => (float[3,2] y) <float[2] s = {0.1, 0.2}> { y = PRelu (x, s) }",
        [
            "expand_dims x:3x2 axes=(2,) -> float32[3x2x1]",
            "prelu x:3x2x1 alpha:2 -> float32[3x2x1]",
            "squeeze x:3x2x1 axes=(2,) -> float32[3x2]",
        ],
    ),
    "prelu of one slope": (
        "g (float[1,2,4,4] x) => (float[1,2,4,4] y) <float[1] s = {0.25}> { y = PRelu (x, s) }",
        ["leaky_relu x:1x2x4x4 alpha=0.25 -> float32[1x2x4x4]"],
    ),
    "prelu of a computed slope has no lowering": (
        "g (float[1,2,4,4] x, float[2,1,1] s) => (float[1,2,4,4] y) { y = PRelu (x, s) }",
        ["onnx.PRelu X:1x2x4x4 slope:2x1x1 -> float32[1x2x4x4]"],
    ),
    "hard sigmoid": (
        "g (float[1,8] x) => (float[1,8] y) { y = HardSigmoid (x) }",
        ["sigmoid_hard x:1x8 alpha=0.2 beta=0.5 -> float32[1x8]"],
    ),
    "hard swish": (
        "g (float[1,8] x) => (float[1,8] y) { y = HardSwish (x) }",
        [
            "thresholded_relu x:1x8 alpha=-3.0 -> float32[1x8]",
            "sigmoid_hard x:1x8 alpha=0.16666666666666666 beta=0.5 -> float32[1x8]",
            "mul x:1x8 y:1x8 -> float32[1x8]",
        ],
    ),
    "swish": (
        "24: g (float[1,8] x) => (float[1,8] y) { y = Swish (x) }",
        ["silu x:1x8 -> float32[1x8]"],
    ),
    "mish": (
        "g (float[1,8] x) => (float[1,8] y) { y = Mish (x) }",
        ["softplus x:1x8 -> float32[1x8]", "tanh x:1x8 -> float32[1x8]", "mul x:1x8 y:1x8 -> float32[1x8]"],
    ),
    "gelu": (
        '20: g (float[1,8] x) => (float[1,8] y) { y = Gelu <approximate = "tanh"> (x) }',
        ["gelu x:1x8 mode=TANH_APPROXIMATION -> float32[1x8]"],
    ),
    "quick gelu": (
        "g (float[1,8] x) => (float[1,8] y) { y = com.microsoft.QuickGelu (x) }",
        ["mul x:1x8 y:scalar -> float32[1x8]", "sigmoid x:1x8 -> float32[1x8]", "mul x:1x8 y:1x8 -> float32[1x8]"],
    ),
    "bias gelu": (
        "g (float[1,8] x, float[8] c) => (float[1,8] y) { y = com.microsoft.BiasGelu (x, c) }",
        ["add x:1x8 y:8 -> float32[1x8]", "gelu x:1x8 mode=EXACT -> float32[1x8]"],
    ),
    "clip of six is relu6": (
        "g (float[1,8] x) => (float[1,8] y) <float a = {0}, float c = {6}> { y = Clip (x, a, c) }",
        ["relu6 x:1x8 -> float32[1x8]"],
    ),
    "clip by attributes": (
        "10: g (float[1,8] x) => (float[1,8] y) { y = Clip <min = -1.0, max = 1.0> (x) }",
        ["clip x:1x8 alpha=-1.0 beta=1.0 -> float32[1x8]"],
    ),
    "clip of one bound": (
        "g (float[1,8] x) => (float[1,8] y) <float a = {0.5}> { y = Clip (x, a) }",
        ["clip x:1x8 alpha=0.5 beta=3.4028234663852886e+38 -> float32[1x8]"],
    ),
    "clip of integers": (
        "g (int64[1,8] x) => (int64[1,8] y) <int64 a = {0}, int64 c = {6}> { y = Clip (x, a, c) }",
        ["minimum x:1x8 y:scalar -> int32[1x8]", "maximum x:1x8 y:scalar -> int32[1x8]"],
    ),
    "clip of crossing bounds": (
        "g (float[N,8] x) => (float[N,8] y) <float a = {5}, float c = {5}> { y = Clip (x, a, c) }",
        ["shape x:Nx8 -> int32[2]", "fill shape:2 value=5.0 -> float32[Nx8]"],
    ),
    "clip of computed bounds": (
        "g (float[1,8] x, float a) => (float[1,8] y) { y = Clip (x, a) }",
        ["maximum x:1x8 y:scalar -> float32[1x8]"],
    ),
    "SwiGLU": (
        "28: g (float[4] a, float[4] b) => (float[4] y) { y = SwiGLU (a, b) }",
        ["silu x:4 -> float32[4]", "mul x:4 y:4 -> float32[4]"],
    ),
    "SwiGLU with alpha": (
        "28: g (float[4] a, float[4] b) => (float[4] y) { y = SwiGLU <alpha = 2.0> (a, b) }",
        [
            "mul x:4 y:scalar -> float32[4]",
            "sigmoid x:4 -> float32[4]",
            "mul x:4 y:4 -> float32[4]",
            "mul x:4 y:4 -> float32[4]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
