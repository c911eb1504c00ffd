"""Tensors made from shapes, positions and conditions."""

import pytest

CASES = {
    "shape": (
        "g (float[N,5] x) => (int64[2] y) { y = Shape (x) }",
        [
            "SHAPE input:Nx5 out_type=INT64 -> int64[2]",
        ],
    ),
    "a part of a shape": (
        "g (float[N,5,M] x) => (int64[1] y) { y = Shape <start = -1> (x) }",
        [
            "SHAPE input:Nx5xM out_type=INT64 -> int64[3]",
            "SLICE input:3 begin:(2) size:(1) -> int64[1]",
        ],
    ),
    "size": (
        "g (float[N,5] x) => (int64 y) { y = Size (x) }",
        [
            "SHAPE input:Nx5 out_type=INT64 -> int64[2]",
            "REDUCE_PROD input:2 axes:(0) keep_dims=False -> int64[scalar]",
        ],
    ),
    "filled": (
        "g (int64[2] s) => (float[A,B] y) { y = ConstantOfShape (s) }",
        [
            "FILL dims:2 input:0 -> float32[?x?]",
        ],
    ),
    "range": (
        "g (int64 n) => (int64[N] y) <int64 z = {0}, int64 o = {1}> { y = Range (z, n, o) }",
        [
            "RANGE start:0 limit:scalar delta:1 -> int64[?]",
        ],
    ),
    "one hot": (
        "g (int64[2,3] i) => (float[2,3,5] y) <int64 d = {5}, float[2] v = {0, 1}> { y = OneHot (i, d, v) }",
        [
            "CAST input:2x3 in_data_type=INT64 out_data_type=INT32 -> int32[2x3]",
            "ADD lhs:2x3 rhs:5 -> int32[2x3]",
            "FLOOR_MOD lhs:2x3 rhs:5 -> int32[2x3]",
            "ONE_HOT indices:2x3 depth:5 on_value:1 off_value:0 axis=-1 -> float32[2x3x5]",
        ],
    ),
    "one hot of run time": (
        "g (int64[2] i, int64[1] d, float[2] v) => (float[D,2] y) { y = OneHot <axis = 0> (i, d, v) }",
        [
            "CAST input:1 in_data_type=INT64 out_data_type=INT32 -> int32[1]",
            "RESHAPE input:1 shape:() -> int32[scalar]",
            "CAST input:2 in_data_type=INT64 out_data_type=INT32 -> int32[2]",
            "ADD lhs:2 rhs:scalar -> int32[2]",
            "FLOOR_MOD lhs:2 rhs:scalar -> int32[2]",
            "SLICE input:2 begin:(0) size:(1) -> float32[1]",
            "RESHAPE input:1 shape:() -> float32[scalar]",
            "SLICE input:2 begin:(1) size:(1) -> float32[1]",
            "RESHAPE input:1 shape:() -> float32[scalar]",
            "ONE_HOT indices:2 depth:scalar on_value:scalar off_value:scalar axis=0 -> float32[?x2]",
        ],
    ),
    "non zero": (
        "g (float[2,9] x) => (int64[2,N] y) { y = NonZero (x) }",
        [
            "NOT_EQUAL lhs:2x9 rhs:0 -> bool[2x9]",
            "WHERE condition:2x9 -> int64[?x2]",
            "TRANSPOSE input:?x2 perm:(1,0) -> int64[2x?]",
        ],
    ),
    "non zero turned back": (
        "g (bool[2,9] x) => (int64[N,2] y) { t = NonZero (x) y = Transpose <perm = [1, 0]> (t) }",
        [
            "WHERE condition:2x9 -> int64[?x2]",
        ],
    ),
    "compress": (
        "g (float[2,9] x, bool[9] c) => (float[2,N] y) { y = Compress <axis = 1> (x, c) }",
        [
            "WHERE condition:9 -> int64[?x1]",
            "RESHAPE input:?x1 shape:(-1) -> int64[?]",
            "CAST input:? in_data_type=INT64 out_data_type=INT32 -> int32[?]",
            "GATHER params:2x9 indices:? axis=1 batch_dims=0 -> float32[2x?]",
        ],
    ),
    "compress of all": (
        "g (float[2,9] x, bool[18] c) => (float[N] y) { y = Compress (x, c) }",
        [
            "RESHAPE input:2x9 shape:(18) -> float32[18]",
            "WHERE condition:18 -> int64[?x1]",
            "RESHAPE input:?x1 shape:(-1) -> int64[?]",
            "CAST input:? in_data_type=INT64 out_data_type=INT32 -> int32[?]",
            "GATHER params:18 indices:? axis=0 batch_dims=0 -> float32[?]",
        ],
    ),
    "unique as they come": (
        "g (float[9] x) => (float[N] y) { y = Unique <sorted = 0> (x) }",
        [
            "UNIQUE input:9 idx_out_type=INT64 -> float32[?], int64[9]",
        ],
    ),
    "sorted has none": (
        "g (float[9] x) => (float[N] y) { y = Unique (x) }",
        [
            "onnx.Unique X:9 -> float32[?]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
