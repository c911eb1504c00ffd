"""Non-maximum suppression."""

import pytest

CASES = {
    "one class": (
        (
            "g (float[1,20,4] x, float[1,1,20] s) => (int64[N,3] y) <int64 m = {2147483647}, float o = {0.5}> { "
            "y = NonMaxSuppression (x, s, m, o) }"
        ),
        [
            (
                "split x:1x20x4 num_splits=4 axis=2 -> float32[1x20x1], float32[1x20x1], float32[1x20x1], "
                "float32[1x20x1]"
            ),
            "sub x:1x20x1 y:1x20x1 -> float32[1x20x1]",
            "mul x:1x20x1 y:scalar -> float32[1x20x1]",
            "add x:1x20x1 y:1x20x1 -> float32[1x20x1]",
            "sub x:1x20x1 y:1x20x1 -> float32[1x20x1]",
            "mul x:1x20x1 y:scalar -> float32[1x20x1]",
            "add x:1x20x1 y:1x20x1 -> float32[1x20x1]",
            (
                "concat values:1x20x1 values:1x20x1 values:1x20x1 values:1x20x1 axis=2 interleave=False -> "
                "float32[1x20x4]"
            ),
            "transpose x:1x1x20 perm=(0,2,1) -> float32[1x20x1]",
            (
                "non_maximum_suppression boxes:1x20x4 scores:1x20x1 max_boxes=20 iou_threshold=0.5 "
                "score_threshold=-3.4028234663852886e+38 per_class_suppression=False -> float32[1x20x4], "
                "float32[1x20x1], int32[1x20], int32[1]"
            ),
            "squeeze x:1x20 axes=(0,) -> int32[20]",
            "squeeze x:1 axes=(0,) -> int32[scalar]",
            "range_1d end:scalar start:scalar step:scalar -> int32[?]",
            "cast x:20 dtype=fp32 -> float32[20]",
            "gather x:20 indices:? axis=0 -> float32[?]",
            "expand_dims x:? axes=(1,) -> float32[?x1]",
            "pad x:?x1 pad=(0,0,2,0) mode=constant constant_val=0.0 -> float32[?x3]",
            "cast x:?x3 dtype=int32 -> int32[?x3]",
        ],
    ),
    "more classes have no lowering": (
        (
            "g (float[1,20,4] x, float[1,3,20] s) => (int64[N,3] y) <int64 m = {10}, float o = {0.5}> { y = "
            "NonMaxSuppression (x, s, m, o) }"
        ),
        [
            (
                "onnx.NonMaxSuppression boxes:1x20x4 scores:1x3x20 max_output_boxes_per_class:scalar "
                "iou_threshold:scalar -> int32[?x3]"
            )
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
