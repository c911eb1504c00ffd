"""Reductions and extremes."""

import pytest

CASES = {
    "mean by attribute": (
        "13: g (float[2,3,4] x) => (float[2,4] y) { y = ReduceMean <axes = [-2], keepdims = 0> (x) }",
        ["reduce_mean x:2x3x4 axes=(1,) keep_dims=False -> float32[2x4]"],
    ),
    "mean by input": (
        "g (float[2,3,4] x) => (float[2,3,1] y) <int64[1] a = {-1}> { y = ReduceMean (x, a) }",
        ["reduce_mean x:2x3x4 axes=(2,) keep_dims=True -> float32[2x3x1]"],
    ),
    "all axes": (
        "g (float[2,3] x) => (float[1,1] y) { y = ReduceSum (x) }",
        ["reduce_sum x:2x3 axes=(0,1) keep_dims=True -> float32[1x1]"],
    ),
    "no axes and no reduction": (
        "g (float[2,3] x) => (float[2,3] y) { s = ReduceSum <noop_with_empty_axes = 1> (x) y = Abs (s) }",
        ["abs x:2x3 -> float32[2x3]"],
    ),
    "l1": (
        "g (float[2,3] x) => (float[2,1] y) <int64[1] a = {1}> { y = ReduceL1 (x, a) }",
        ["abs x:2x3 -> float32[2x3]", "reduce_sum x:2x3 axes=(1,) keep_dims=True -> float32[2x1]"],
    ),
    "maximum of booleans": (
        "20: g (bool[2,3] x) => (bool[2,1] y) <int64[1] a = {1}> { y = ReduceMax (x, a) }",
        [
            "cast x:2x3 dtype=int32 -> int32[2x3]",
            "reduce_max x:2x3 axes=(1,) keep_dims=True -> int32[2x1]",
            "cast x:2x1 dtype=bool -> bool[2x1]",
        ],
    ),
    "axes known at run time have no lowering": (
        "g (float[2,3] x, int64[1] a) => (float[A,B] y) { y = ReduceSum (x, a) }",
        ["onnx.ReduceSum data:2x3 axes:1 -> float32[?x?]"],
    ),
    "argmax": (
        "g (float[2,3] x) => (int64[2] y) { y = ArgMax <axis = -1, keepdims = 0> (x) }",
        ["reduce_argmax x:2x3 axis=1 keep_dims=False -> int32[2]"],
    ),
    "the last of equal maxima has no lowering": (
        "g (float[2,3] x) => (int64[2,1] y) { y = ArgMax <axis = 1, select_last_index = 1> (x) }",
        ["onnx.ArgMax data:2x3 axis=1 select_last_index=1 -> int32[2x1]"],
    ),
    "topk": (
        "g (float[2,9] x) => (float[2,3] v, int64[2,3] i) <int64[1] k = {3}> { v, i = TopK <largest = 0> (x, k) }",
        ["topk x:2x9 k=3 axis=1 ascending=True sort=True -> float32[2x3], int32[2x3]"],
    ),
    "topk by attribute": (
        "9: g (float[2,9] x) => (float[2,3] v, int64[2,3] i) { v, i = TopK <k = 3> (x) }",
        ["topk x:2x9 k=3 axis=1 ascending=False sort=True -> float32[2x3], int32[2x3]"],
    ),
    "indices of topk only": (
        "g (float[2,9] x) => (int64[2,3] i) <int64[1] k = {3}> { , i = TopK (x, k) }",
        ["topk x:2x9 k=3 axis=1 ascending=False sort=True -> float32[2x3], int32[2x3]"],
    ),
    "topk known at run time": (
        "g (float[2,9] x, int64[1] k) => (float[2,K] v, int64[2,K] i) { v, i = TopK (x, k) }",
        [
            "argsort x:2x9 axis=1 ascending=False -> int32[2x9]",
            "gather_along_axis x:2x9 indices:2x9 axis=1 -> float32[2x9]",
            "squeeze x:1 axes=(0,) -> int32[scalar]",
            "range_1d end:scalar start:scalar step:scalar -> int32[?]",
            "gather x:2x9 indices:? axis=1 -> float32[2x?]",
            "gather x:2x9 indices:? axis=1 -> int32[2x?]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
