"""Normalisations with an op of their own."""

import pytest

CASES = {
    "batch norm": (
        (
            "g (float[1,2,4,4] x) => (float[1,2,4,4] y) <float[2] s = {1,1}, float[2] c = {0,0}, float[2] m = "
            "{0,0}, float[2] v = {1,1}> { y = BatchNormalization (x, s, c, m, v) }"
        ),
        ["batch_norm x:1x2x4x4 mean:2 variance:2 gamma:2 beta:2 epsilon=1e-05 -> float32[1x2x4x4]"],
    ),
    "batch norm of rank 2": (
        (
            "g (float[3,2] x) => (float[3,2] y) <float[2] s = {1,1}, float[2] c = {0,0}, float[2] m = {0,0}, "
            "float[2] v = {1,1}> { y = BatchNormalization <epsilon = 0.001> (x, s, c, m, v) }"
        ),
        [
            "expand_dims x:3x2 axes=(2,) -> float32[3x2x1]",
            "batch_norm x:3x2x1 mean:2 variance:2 gamma:2 beta:2 epsilon=0.0010000000474974513 -> float32[3x2x1]",
            "squeeze x:3x2x1 axes=(2,) -> float32[3x2]",
        ],
    ),
    "batch norm in training has no lowering": (
        (
            "g (float[3,2] x) => (float[3,2] y) <float[2] s = {1,1}, float[2] c = {0,0}, float[2] m = {0,0}, "
            "float[2] v = {1,1}> { y, a, d = BatchNormalization <training_mode = 1> (x, s, c, m, v) }"
        ),
        [
            (
                "onnx.BatchNormalization X:3x2 scale:2 B:2 input_mean:2 input_var:2 training_mode=1 -> "
                "float32[3x2], float32[2], float32[2]"
            )
        ],
    ),
    "instance norm": (
        (
            "g (float[1,2,4,4] x) => (float[1,2,4,4] y) <float[2] s = {1,1}, float[2] c = {0,0}> { y = "
            "InstanceNormalization (x, s, c) }"
        ),
        ["instance_norm x:1x2x4x4 gamma:2 beta:2 epsilon=1e-05 -> float32[1x2x4x4]"],
    ),
    "layer norm over two axes": (
        (
            "g (float[1,5,2,3] x) => (float[1,5,2,3] y) <float[2,3] s = {1,1,1,1,1,1}> { y = LayerNormalization "
            "<axis = -2> (x, s) }"
        ),
        ["layer_norm x:1x5x2x3 gamma:2x3 axes=(2,3) epsilon=1e-05 -> float32[1x5x2x3]"],
    ),
    "layer norm of a computed scale has no lowering": (
        "g (float[1,5,3] x, float[3] s) => (float[1,5,3] y) { y = LayerNormalization (x, s) }",
        ["onnx.LayerNormalization X:1x5x3 Scale:3 -> float32[1x5x3]"],
    ),
    "layer norm with its mean read has no lowering": (
        (
            "g (float[1,5,3] x) => (float[1,5,3] y, float[1,5,1] m) <float[3] s = {1,1,1}> { y, m = "
            "LayerNormalization (x, s) }"
        ),
        ["onnx.LayerNormalization X:1x5x3 Scale:3 -> float32[1x5x3], float32[1x5x1]"],
    ),
    "skip layer norm": (
        (
            "g (float[1,5,3] x, float[1,5,3] z) => (float[1,5,3] y) <float[3] s = {1,1,1}> { y = "
            "com.microsoft.SkipLayerNormalization (x, z, s) }"
        ),
        [
            "add x:1x5x3 y:1x5x3 -> float32[1x5x3]",
            "layer_norm x:1x5x3 gamma:3 axes=(2,) epsilon=1e-05 -> float32[1x5x3]",
        ],
    ),
    "lrn": (
        "g (float[1,8,4,4] x) => (float[1,8,4,4] y) { y = LRN <size = 5> (x) }",
        ["local_response_norm x:1x8x4x4 size=5 alpha=0.0001 beta=0.75 k=1.0 -> float32[1x8x4x4]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
