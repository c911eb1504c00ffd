"""Ops that hand their input on, and a gate."""

import pytest

CASES = {
    "a copy is nothing": (
        "g (float[2,3] x) => (float[2,3] y) { t = Identity (x) y = Relu (t) }",
        [
            "RELU x:2x3 -> float32[2x3]",
        ],
    ),
    "a copy of an input": (
        "g (float[2,3] x) => (float[2,3] y) { y = Identity (x) }",
        [],
    ),
    "dropout": (
        "g (float[2,3] x) => (float[2,3] y) { t = Dropout (x) y = Relu (t) }",
        [
            "RELU x:2x3 -> float32[2x3]",
        ],
    ),
    "dropout whose mask is read": (
        "g (float[N,3] x) => (float[N,3] y, bool[N,3] m) { t, m = Dropout (x) y = Relu (t) }",
        [
            "SHAPE input:Nx3 out_type=INT32 -> int32[2]",
            "FILL dims:2 input:True -> bool[Nx3]",
            "RELU x:Nx3 -> float32[Nx3]",
        ],
    ),
    "bits": (
        "26: g (float[2,3] x) => (int32[2,3] y) { y = BitCast <to = 6> (x) }",
        [
            "BITCAST input:2x3 -> int32[2x3]",
        ],
    ),
    "bits of another width have none": (
        "26: g (float[2,3] x) => (int64[2,3] y) { y = BitCast <to = 7> (x) }",
        [
            "onnx.BitCast input:2x3 to=7 -> int64[2x3]",
        ],
    ),
    "gate": (
        "28: g (float[2,3] a, float[2,3] b) => (float[2,3] y) { y = SwiGLU (a, b) }",
        [
            "LOGISTIC x:2x3 -> float32[2x3]",
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
