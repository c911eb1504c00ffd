"""Sequences that the graph itself writes down."""

import pytest

CASES = {
    "joined": (
        (
            "g (float[2,3] a, float[2,3] b) => (float[4,3] y) { s = SequenceConstruct (a, b) y = ConcatFromSequence "
            "<axis = 0> (s) }"
        ),
        [
            "CONCATENATION values:2x3 values:2x3 axis=0 -> float32[4x3]",
        ],
    ),
    "stacked": (
        (
            "g (float[2,3] a, float[2,3] b) => (float[2,2,3] y) { s = SequenceConstruct (a, b) y = "
            "ConcatFromSequence <axis = 1, new_axis = 1> (s) }"
        ),
        [
            "PACK values:2x3 values:2x3 values_count=2 axis=1 -> float32[2x2x3]",
        ],
    ),
    "taken apart": (
        (
            "g (float[2,3] a, float[2,3] b) => (float[2,3] y) <int64 i = {-1}> { s = SequenceConstruct (a, b) t = "
            "SequenceAt (s, i) y = Relu (t) }"
        ),
        [
            "RELU x:2x3 -> float32[2x3]",
        ],
    ),
    "a computed position has none": (
        (
            "g (float[2,3] a, float[2,3] b, int64 i) => (float[2,3] y) { s = SequenceConstruct (a, b) y = "
            "SequenceAt (s, i) }"
        ),
        [
            "onnx.SequenceConstruct inputs:2x3 inputs:2x3 -> float32[12]",
            "onnx.SequenceAt input_sequence:12 position:scalar -> float32[2x3]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
