"""Losses of classifiers."""

import pytest

CASES = {
    "log likelihood": (
        "g (float[2,5,3] x, int64[2,3] t) => (float y) { y = NegativeLogLikelihoodLoss (x, t) }",
        [
            "TRANSPOSE input:2x5x3 perm:(0,2,1) -> float32[2x3x5]",
            "CAST input:2x3 in_data_type=INT64 out_data_type=INT32 -> int32[2x3]",
            "ONE_HOT indices:2x3 depth:5 on_value:1 off_value:0 axis=-1 -> float32[2x3x5]",
            "MUL lhs:2x3x5 rhs:2x3x5 -> float32[2x3x5]",
            "SUM input:2x3x5 axes:(2) keep_dims=False -> float32[2x3]",
            "SUB lhs:0 rhs:2x3 -> float32[2x3]",
            "MEAN input:2x3 axis:(0,1) keep_dims=False -> float32[scalar]",
        ],
    ),
    "cross entropy, weighted": (
        "g (float[2,5] x, int64[2] t, float[5] w) => (float y) { y = SoftmaxCrossEntropyLoss (x, t, w) }",
        [
            "SOFTMAX input:2x5 beta=1.0 -> float32[2x5]",
            "LOG x:2x5 -> float32[2x5]",
            "CAST input:2 in_data_type=INT64 out_data_type=INT32 -> int32[2]",
            "ONE_HOT indices:2 depth:5 on_value:1 off_value:0 axis=-1 -> float32[2x5]",
            "MUL lhs:2x5 rhs:2x5 -> float32[2x5]",
            "SUM input:2x5 axes:(1) keep_dims=False -> float32[2]",
            "SUB lhs:0 rhs:2 -> float32[2]",
            "GATHER params:5 indices:2 axis=0 batch_dims=0 -> float32[2]",
            "MUL lhs:2 rhs:2 -> float32[2]",
            "SUM input:2 axes:(0) keep_dims=False -> float32[scalar]",
            "SUM input:2 axes:(0) keep_dims=False -> float32[scalar]",
            "GREATER lhs:scalar rhs:0 -> bool[scalar]",
            "SELECT_V2 condition:scalar x:scalar y:1 -> float32[scalar]",
            "DIV lhs:scalar rhs:scalar -> float32[scalar]",
            "SELECT_V2 condition:scalar x:scalar y:0 -> float32[scalar]",
        ],
    ),
    "an ignored class": (
        "g (float[2,5] x, int64[2] t) => (float y) { y = SoftmaxCrossEntropyLoss <ignore_index = 0> (x, t) }",
        [
            "SOFTMAX input:2x5 beta=1.0 -> float32[2x5]",
            "LOG x:2x5 -> float32[2x5]",
            "CAST input:2 in_data_type=INT64 out_data_type=INT32 -> int32[2]",
            "EQUAL x:2 y:0 -> bool[2]",
            "SELECT_V2 condition:2 x:0 y:2 -> int32[2]",
            "ONE_HOT indices:2 depth:5 on_value:1 off_value:0 axis=-1 -> float32[2x5]",
            "MUL lhs:2x5 rhs:2x5 -> float32[2x5]",
            "SUM input:2x5 axes:(1) keep_dims=False -> float32[2]",
            "SUB lhs:0 rhs:2 -> float32[2]",
            "SELECT_V2 condition:2 x:0 y:1 -> float32[2]",
            "MUL lhs:2 rhs:2 -> float32[2]",
            "SUM input:2 axes:(0) keep_dims=False -> float32[scalar]",
            "SUM input:2 axes:(0) keep_dims=False -> float32[scalar]",
            "GREATER lhs:scalar rhs:0 -> bool[scalar]",
            "SELECT_V2 condition:scalar x:scalar y:1 -> float32[scalar]",
            "DIV lhs:scalar rhs:scalar -> float32[scalar]",
            "SELECT_V2 condition:scalar x:scalar y:0 -> float32[scalar]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
