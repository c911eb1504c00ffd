"""Orders along an axis, and triangles."""

import pytest

CASES = {
    "top k": (
        "g (float[2,9] x) => (float[2,3] v, int64[2,3] i) <int64[1] k = {3}> { v, i = TopK (x, k) }",
        [
            "TOPK_V2 input:2x9 k:3 -> float32[2x3], int32[2x3]",
            "CAST input:2x3 in_data_type=INT32 out_data_type=INT64 -> int64[2x3]",
        ],
    ),
    "the smallest along another axis": (
        (
            "g (float[2,9,4] x) => (float[2,3,4] v, int64[2,3,4] i) <int64[1] k = {3}> { v, i = TopK <axis = 1, "
            "largest = 0> (x, k) }"
        ),
        [
            "TRANSPOSE input:2x9x4 perm:(0,2,1) -> float32[2x4x9]",
            "NEG x:2x4x9 -> float32[2x4x9]",
            "TOPK_V2 input:2x4x9 k:3 -> float32[2x4x3], int32[2x4x3]",
            "NEG x:2x4x3 -> float32[2x4x3]",
            "CAST input:2x4x3 in_data_type=INT32 out_data_type=INT64 -> int64[2x4x3]",
            "TRANSPOSE input:2x4x3 perm:(0,2,1) -> float32[2x3x4]",
            "TRANSPOSE input:2x4x3 perm:(0,2,1) -> int64[2x3x4]",
        ],
    ),
    "k of run time": (
        "g (float[2,9] x, int64[1] k) => (float[2,K] v, int64[2,K] i) { v, i = TopK (x, k) }",
        [
            "CAST input:1 in_data_type=INT64 out_data_type=INT32 -> int32[1]",
            "RESHAPE input:1 shape:() -> int32[scalar]",
            "TOPK_V2 input:2x9 k:scalar -> float32[2x?], int32[2x?]",
            "CAST input:2x? in_data_type=INT32 out_data_type=INT64 -> int64[2x?]",
        ],
    ),
    "places only": (
        "g (float[9] x) => (int64[3] i) <int64[1] k = {3}> { v, i = TopK (x, k) }",
        [
            "TOPK_V2 input:9 k:3 -> float32[3], int32[3]",
            "CAST input:3 in_data_type=INT32 out_data_type=INT64 -> int64[3]",
        ],
    ),
    "arg max": (
        "g (float[2,9] x) => (int64[2] y) { y = ArgMax <axis = -1, keepdims = 0> (x) }",
        [
            "ARG_MAX input:2x9 dim:(1) output_type=INT64 -> int64[2]",
        ],
    ),
    "arg min keeps its axis": (
        "g (float[2,9] x) => (int64[2,1] y) { y = ArgMin <axis = 1> (x) }",
        [
            "ARG_MIN input:2x9 dim:(1) output_type=INT64 -> int64[2]",
            "RESHAPE input:2 shape:(2,1) -> int64[2x1]",
        ],
    ),
    "the last of several has none": (
        "g (float[2,9] x) => (int64[2,1] y) { y = ArgMax <axis = 1, select_last_index = 1> (x) }",
        [
            "onnx.ArgMax data:2x9 axis=1 select_last_index=1 -> int64[2x1]",
        ],
    ),
    "sums": (
        "g (float[2,9] x) => (float[2,9] y) <int64 a = {-1}> { y = CumSum <reverse = 1> (x, a) }",
        [
            "CUMSUM input:2x9 axis:1 exclusive=False reverse=True -> float32[2x9]",
        ],
    ),
    "products": (
        "26: g (float[2,3] x) => (float[2,3] y) <int64 a = {1}> { y = CumProd (x, a) }",
        [
            "RESHAPE input:2x3 shape:(2,1,3) -> float32[2x1x3]",
            "TILE input:2x1x3 multiples:(1,3,1) -> float32[2x3x3]",
            "SELECT_V2 condition:1x3x3 x:2x3x3 y:1 -> float32[2x3x3]",
            "REDUCE_PROD input:2x3x3 axes:(2) keep_dims=False -> float32[2x3]",
        ],
    ),
    "backwards": (
        "g (float[5,2,4] x, int64[2] n) => (float[5,2,4] y) { y = ReverseSequence (x, n) }",
        [
            "CAST input:2 in_data_type=INT64 out_data_type=INT32 -> int32[2]",
            "REVERSE_SEQUENCE input:5x2x4 seq_lengths:2 seq_dim=0 batch_dim=1 -> float32[5x2x4]",
        ],
    ),
    "upper triangle": (
        "g (float[2,4,4] x) => (float[2,4,4] y) { y = Trilu (x) }",
        [
            "MUL lhs:2x4x4 rhs:1x4x4 -> float32[2x4x4]",
        ],
    ),
    "lower triangle of booleans": (
        "g (bool[4,4] x) => (bool[4,4] y) <int64 k = {1}> { y = Trilu <upper = 0> (x, k) }",
        [
            "LOGICAL_AND lhs:4x4 rhs:4x4 -> bool[4x4]",
        ],
    ),
    "a triangle of unknown size has none": (
        "g (float[N,N] x) => (float[N,N] y) { y = Trilu (x) }",
        [
            "onnx.Trilu input:NxN -> float32[NxN]",
        ],
    ),
    "hardmax of old, flattened": (
        "11: g (float[2,3,4] x) => (float[2,3,4] y) { y = Hardmax <axis = 1> (x) }",
        [
            "RESHAPE input:2x3x4 shape:(2,12) -> float32[2x12]",
            "ARG_MAX input:2x12 dim:(1) output_type=INT32 -> int32[2]",
            "ONE_HOT indices:2 depth:12 on_value:1 off_value:0 axis=-1 -> float32[2x12]",
            "RESHAPE input:2x12 shape:(2,3,4) -> float32[2x3x4]",
        ],
    ),
    "hardmax": (
        "g (float[2,9,4] x) => (float[2,9,4] y) { y = Hardmax <axis = 1> (x) }",
        [
            "TRANSPOSE input:2x9x4 perm:(0,2,1) -> float32[2x4x9]",
            "ARG_MAX input:2x4x9 dim:(2) output_type=INT32 -> int32[2x4]",
            "ONE_HOT indices:2x4 depth:9 on_value:1 off_value:0 axis=-1 -> float32[2x4x9]",
            "TRANSPOSE input:2x4x9 perm:(0,2,1) -> float32[2x9x4]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
