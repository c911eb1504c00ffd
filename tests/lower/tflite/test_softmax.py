"""Softmax."""

import pytest

CASES = {
    "last axis": (
        "g (float[2,5] x) => (float[2,5] y) { y = Softmax (x) }",
        [
            "SOFTMAX input:2x5 beta=1.0 -> float32[2x5]",
        ],
    ),
    "channels behind a convolution": (
        (
            "g (float[1,4,8,8] x) => (float[1,4,8,8] y) <int64[4] s = {4,4,1,1}> { w = ConstantOfShape (s) t "
            "= Conv (x, w) y = Softmax <axis = 1> (t) }"
        ),
        [
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            "SOFTMAX input:1x8x8x4 beta=1.0 -> float32[1x8x8x4]",
        ],
    ),
    "first axis": (
        "g (float[2,5] x) => (float[2,5] y) { y = Softmax <axis = 0> (x) }",
        [
            "TRANSPOSE input:2x5 perm:(1,0) -> float32[5x2]",
            "SOFTMAX input:5x2 beta=1.0 -> float32[5x2]",
            "TRANSPOSE input:5x2 perm:(1,0) -> float32[2x5]",
        ],
    ),
    "flattened": (
        "11: g (float[2,3,4,4] x) => (float[2,3,4,4] y) { y = Softmax (x) }",
        [
            "RESHAPE input:2x3x4x4 shape:(2,48) -> float32[2x48]",
            "SOFTMAX input:2x48 beta=1.0 -> float32[2x48]",
            "RESHAPE input:2x48 shape:(2,3,4,4) -> float32[2x3x4x4]",
        ],
    ),
    "flattened, but of planes of one": (
        "11: g (float[1,10,1,1] x) => (float[1,10,1,1] y) { y = Softmax (x) }",
        [
            "RESHAPE input:1x10x1x1 shape:(1,1,1,10) -> float32[1x1x1x10]",
            "SOFTMAX input:1x1x1x10 beta=1.0 -> float32[1x1x1x10]",
            "RESHAPE input:1x1x1x10 shape:(1,10,1,1) -> float32[1x10x1x1]",
        ],
    ),
    "five axes": (
        "g (float[2,2,3,4,4] x) => (float[2,2,3,4,4] y) { y = Softmax (x) }",
        [
            "RESHAPE input:2x2x3x4x4 shape:(48,4) -> float32[48x4]",
            "SOFTMAX input:48x4 beta=1.0 -> float32[48x4]",
            "RESHAPE input:48x4 shape:(2,2,3,4,4) -> float32[2x2x3x4x4]",
        ],
    ),
    "logarithm": (
        "g (float[2,5] x) => (float[2,5] y) { y = LogSoftmax (x) }",
        [
            "SOFTMAX input:2x5 beta=1.0 -> float32[2x5]",
            "LOG x:2x5 -> float32[2x5]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
