"""Softmax before and after opset 13."""

import pytest

CASES = {
    "last axis by default": (
        "g (float[2,3,4] x) => (float[2,3,4] y) { y = Softmax (x) }",
        ["softmax x:2x3x4 axis=2 -> float32[2x3x4]"],
    ),
    "flattened before 13": (
        "11: g (float[2,3,4] x) => (float[2,3,4] y) { y = Softmax <axis = 1> (x) }",
        [
            "reshape x:2x3x4 shape=(2,12) -> float32[2x12]",
            "softmax x:2x12 axis=1 -> float32[2x12]",
            "reshape x:2x12 shape=(2,3,4) -> float32[2x3x4]",
        ],
    ),
    "nothing to flatten before 13": (
        "11: g (float[2,3,1,1] x) => (float[2,3,1,1] y) { y = Softmax <axis = 1> (x) }",
        ["softmax x:2x3x1x1 axis=1 -> float32[2x3x1x1]"],
    ),
    "flattened onto the last axis": (
        "11: g (float[2,1,4] x) => (float[2,1,4] y) { y = Softmax <axis = 1> (x) }",
        ["softmax x:2x1x4 axis=2 -> float32[2x1x4]"],
    ),
    "log softmax": (
        "g (float[2,3,4] x) => (float[2,3,4] y) { y = LogSoftmax <axis = 1> (x) }",
        ["softmax x:2x3x4 axis=1 -> float32[2x3x4]", "log x:2x3x4 epsilon=1e-45 -> float32[2x3x4]"],
    ),
    "hardmax": (
        "g (float[2,3,4] x) => (float[2,3,4] y) { y = Hardmax <axis = 1> (x) }",
        [
            "reduce_argmax x:2x3x4 axis=1 keep_dims=False -> int32[2x4]",
            "one_hot indices:2x4 one_hot_vector_size=3 axis=1 on_value=1.0 off_value=0.0 -> float32[2x3x4]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
