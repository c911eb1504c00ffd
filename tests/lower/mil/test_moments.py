"""Normalisations written out."""

import pytest

CASES = {
    "group norm": (
        (
            "21: g (float[1,4,2,2] x) => (float[1,4,2,2] y) <float[4] s = {1,1,1,1}, float[4] c = {0,0,0,0}> { y "
            "= GroupNormalization <num_groups = 2> (x, s, c) }"
        ),
        [
            "reshape x:1x4x2x2 shape=(1,2,2,2,2) -> float32[1x2x2x2x2]",
            "reduce_mean x:1x2x2x2x2 axes=(2,3,4) keep_dims=True -> float32[1x2x1x1x1]",
            "sub x:1x2x2x2x2 y:1x2x1x1x1 -> float32[1x2x2x2x2]",
            "square x:1x2x2x2x2 -> float32[1x2x2x2x2]",
            "reduce_mean x:1x2x2x2x2 axes=(2,3,4) keep_dims=True -> float32[1x2x1x1x1]",
            "add x:1x2x1x1x1 y:scalar -> float32[1x2x1x1x1]",
            "sqrt x:1x2x1x1x1 -> float32[1x2x1x1x1]",
            "real_div x:1x2x2x2x2 y:1x2x1x1x1 -> float32[1x2x2x2x2]",
            "reshape x:1x2x2x2x2 shape=(1,4,2,2) -> float32[1x4x2x2]",
            "batch_norm x:1x4x2x2 mean:4 variance:4 gamma:4 beta:4 -> float32[1x4x2x2]",
        ],
    ),
    "rms norm of aten": (
        "23: g (float[1,5,4] x) => (float[1,5,4] y) <float[4] s = {1,1,1,1}> { y = RMSNormalization (x, s) }",
        [
            "abs x:1x5x4 -> float32[1x5x4]",
            "reduce_max x:1x5x4 axes=(2,) keep_dims=True -> float32[1x5x1]",
            "real_div x:1x5x4 y:1x5x1 -> float32[1x5x4]",
            "square x:1x5x4 -> float32[1x5x4]",
            "reduce_mean x:1x5x4 axes=(2,) keep_dims=True -> float32[1x5x1]",
            "add x:1x5x1 y:scalar -> float32[1x5x1]",
            "sqrt x:1x5x1 -> float32[1x5x1]",
            "mul x:1x5x1 y:1x5x1 -> float32[1x5x1]",
            "real_div x:1x5x4 y:1x5x1 -> float32[1x5x4]",
            "mul x:1x5x4 y:4 -> float32[1x5x4]",
        ],
    ),
    "simplified layer norm": (
        (
            "g (float[1,5,4] x) => (float[1,5,4] y) <float[4] s = {1,1,1,1}> { y = "
            "com.microsoft.SimplifiedLayerNormalization (x, s) }"
        ),
        [
            "pow x:1x5x4 y:scalar -> float32[1x5x4]",
            "reduce_mean x:1x5x4 axes=(2,) keep_dims=True -> float32[1x5x1]",
            "add x:1x5x1 y:scalar -> float32[1x5x1]",
            "rsqrt x:1x5x1 epsilon=1e-12 -> float32[1x5x1]",
            "mul x:1x5x4 y:1x5x1 -> float32[1x5x4]",
            "mul x:1x5x4 y:4 -> float32[1x5x4]",
        ],
    ),
    "l2 norm": (
        "g (float[1,5,4] x) => (float[1,5,4] y) { y = LpNormalization (x) }",
        [
            "reduce_l2_norm x:1x5x4 axes=(2,) keep_dims=True -> float32[1x5x1]",
            "real_div x:1x5x4 y:1x5x1 -> float32[1x5x4]",
        ],
    ),
    "l1 norm": (
        "g (float[1,5,4] x) => (float[1,5,4] y) { y = LpNormalization <p = 1, axis = 1> (x) }",
        [
            "abs x:1x5x4 -> float32[1x5x4]",
            "reduce_sum x:1x5x4 axes=(1,) keep_dims=True -> float32[1x1x4]",
            "real_div x:1x5x4 y:1x1x4 -> float32[1x5x4]",
        ],
    ),
    "mean and variance": (
        "g (float[1,5,4,4] x) => (float[1,5,4,4] y) { y = MeanVarianceNormalization (x) }",
        [
            "reduce_mean x:1x5x4x4 axes=(0,2,3) keep_dims=True -> float32[1x5x1x1]",
            "sub x:1x5x4x4 y:1x5x1x1 -> float32[1x5x4x4]",
            "square x:1x5x4x4 -> float32[1x5x4x4]",
            "reduce_mean x:1x5x4x4 axes=(0,2,3) keep_dims=True -> float32[1x5x1x1]",
            "sqrt x:1x5x1x1 -> float32[1x5x1x1]",
            "add x:1x5x1x1 y:scalar -> float32[1x5x1x1]",
            "real_div x:1x5x4x4 y:1x5x1x1 -> float32[1x5x4x4]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
