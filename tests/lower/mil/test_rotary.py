"""Rotary position embeddings."""

import pytest

CASES = {
    "heads apart": (
        (
            "23: g (float[1,4,3,8] x, float[50,4] c, float[50,4] s, int64[1,3] p) => (float[1,4,3,8] y) { y = "
            "RotaryEmbedding (x, c, s, p) }"
        ),
        [
            "gather x:50x4 indices:1x3 axis=0 -> float32[1x3x4]",
            "gather x:50x4 indices:1x3 axis=0 -> float32[1x3x4]",
            "expand_dims x:1x3x4 axes=(1,) -> float32[1x1x3x4]",
            "expand_dims x:1x3x4 axes=(1,) -> float32[1x1x3x4]",
            "split x:1x4x3x8 num_splits=2 axis=3 -> float32[1x4x3x4], float32[1x4x3x4]",
            "mul x:1x4x3x4 y:1x1x3x4 -> float32[1x4x3x4]",
            "mul x:1x4x3x4 y:1x1x3x4 -> float32[1x4x3x4]",
            "sub x:1x4x3x4 y:1x4x3x4 -> float32[1x4x3x4]",
            "mul x:1x4x3x4 y:1x1x3x4 -> float32[1x4x3x4]",
            "mul x:1x4x3x4 y:1x1x3x4 -> float32[1x4x3x4]",
            "add x:1x4x3x4 y:1x4x3x4 -> float32[1x4x3x4]",
            "concat values:1x4x3x4 values:1x4x3x4 axis=3 interleave=False -> float32[1x4x3x8]",
        ],
    ),
    "heads together": (
        (
            "23: g (float[1,3,32] x, float[1,3,4] c, float[1,3,4] s) => (float[1,3,32] y) { y = RotaryEmbedding "
            "<num_heads = 4> (x, c, s) }"
        ),
        [
            "reshape x:1x3x32 shape=(1,3,4,8) -> float32[1x3x4x8]",
            "transpose x:1x3x4x8 perm=(0,2,1,3) -> float32[1x4x3x8]",
            "expand_dims x:1x3x4 axes=(1,) -> float32[1x1x3x4]",
            "expand_dims x:1x3x4 axes=(1,) -> float32[1x1x3x4]",
            "split x:1x4x3x8 num_splits=2 axis=3 -> float32[1x4x3x4], float32[1x4x3x4]",
            "mul x:1x4x3x4 y:1x1x3x4 -> float32[1x4x3x4]",
            "mul x:1x4x3x4 y:1x1x3x4 -> float32[1x4x3x4]",
            "sub x:1x4x3x4 y:1x4x3x4 -> float32[1x4x3x4]",
            "mul x:1x4x3x4 y:1x1x3x4 -> float32[1x4x3x4]",
            "mul x:1x4x3x4 y:1x1x3x4 -> float32[1x4x3x4]",
            "add x:1x4x3x4 y:1x4x3x4 -> float32[1x4x3x4]",
            "concat values:1x4x3x4 values:1x4x3x4 axis=3 interleave=False -> float32[1x4x3x8]",
            "transpose x:1x4x3x8 perm=(0,2,1,3) -> float32[1x3x4x8]",
            "reshape x:1x3x4x8 shape=(1,3,32) -> float32[1x3x32]",
        ],
    ),
    "interleaved has no lowering": (
        (
            "23: g (float[1,4,3,8] x, float[1,3,4] c, float[1,3,4] s) => (float[1,4,3,8] y) { y = RotaryEmbedding "
            "<interleaved = 1> (x, c, s) }"
        ),
        ["onnx.RotaryEmbedding X:1x4x3x8 cos_cache:1x3x4 sin_cache:1x3x4 interleaved=1 -> float32[1x4x3x8]"],
    ),
    "of a part has no lowering": (
        (
            "23: g (float[1,4,3,8] x, float[1,3,2] c, float[1,3,2] s) => (float[1,4,3,8] y) { y = RotaryEmbedding "
            "<rotary_embedding_dim = 4> (x, c, s) }"
        ),
        ["onnx.RotaryEmbedding X:1x4x3x8 cos_cache:1x3x2 sin_cache:1x3x2 rotary_embedding_dim=4 -> float32[1x4x3x8]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
