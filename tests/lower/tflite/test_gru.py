"""GRU layers, unrolled."""

from collections import Counter

import pytest

CASES = {
    "two steps": (
        (
            "g (float[2,1,3] x) => (float[2,1,1,4] y) <int64[3] s = {1,12,3}, int64[3] t = {1,12,4}, int64[2] u = "
            "{1,24}> { w = ConstantOfShape (s) r = ConstantOfShape (t) b = ConstantOfShape (u) y = GRU <hidden_size "
            "= 4> (x, w, r, b) }"
        ),
        {
            "ADD": 14,
            "BATCH_MATMUL": 12,
            "CONCATENATION": 1,
            "LOGISTIC": 4,
            "MUL": 6,
            "RESHAPE": 5,
            "SLICE": 2,
            "SUB": 2,
            "TANH": 2,
        },
    ),
    "reset behind the product, with a state": (
        (
            "g (float[1,1,3] x, float[1,1,4] h0) => (float[1,1,4] h) <int64[3] s = {1,12,3}, int64[3] t = {1,12,4}> "
            "{ w = ConstantOfShape (s) r = ConstantOfShape (t) y, h = GRU <hidden_size = 4, linear_before_reset = "
            "1> (x, w, r, , , h0) }"
        ),
        [
            "RESHAPE input:1x1x4 shape:(1,4) -> float32[1x4]",
            "RESHAPE input:1x1x3 shape:(1,3) -> float32[1x3]",
            "BATCH_MATMUL x:1x3 y:3x4 adj_x=False adj_y=False -> float32[1x4]",
            "BATCH_MATMUL x:1x4 y:4x4 adj_x=False adj_y=False -> float32[1x4]",
            "ADD lhs:1x4 rhs:1x4 -> float32[1x4]",
            "ADD lhs:1x4 rhs:4 -> float32[1x4]",
            "LOGISTIC x:1x4 -> float32[1x4]",
            "BATCH_MATMUL x:1x3 y:3x4 adj_x=False adj_y=False -> float32[1x4]",
            "BATCH_MATMUL x:1x4 y:4x4 adj_x=False adj_y=False -> float32[1x4]",
            "ADD lhs:1x4 rhs:1x4 -> float32[1x4]",
            "ADD lhs:1x4 rhs:4 -> float32[1x4]",
            "LOGISTIC x:1x4 -> float32[1x4]",
            "BATCH_MATMUL x:1x3 y:3x4 adj_x=False adj_y=False -> float32[1x4]",
            "BATCH_MATMUL x:1x4 y:4x4 adj_x=False adj_y=False -> float32[1x4]",
            "ADD lhs:1x4 rhs:4 -> float32[1x4]",
            "MUL lhs:1x4 rhs:1x4 -> float32[1x4]",
            "ADD lhs:1x4 rhs:1x4 -> float32[1x4]",
            "ADD lhs:1x4 rhs:4 -> float32[1x4]",
            "TANH input:1x4 -> float32[1x4]",
            "SUB lhs:1 rhs:1x4 -> float32[1x4]",
            "MUL lhs:1x4 rhs:1x4 -> float32[1x4]",
            "MUL lhs:1x4 rhs:1x4 -> float32[1x4]",
            "ADD lhs:1x4 rhs:1x4 -> float32[1x4]",
            "RESHAPE input:1x4 shape:(1,1,4) -> float32[1x1x4]",
        ],
    ),
    "an unknown number of steps has none": (
        (
            "g (float[T,1,3] x) => (float[T,1,1,4] y) <int64[3] s = {1,12,3}, int64[3] t = {1,12,4}> { w = "
            "ConstantOfShape (s) r = ConstantOfShape (t) y = GRU <hidden_size = 4> (x, w, r) }"
        ),
        [
            "onnx.GRU X:Tx1x3 W:1x12x3 R:1x12x4 hidden_size=4 -> float32[Tx1x1x4]",
        ],
    ),
}
"""A case of many ops says only how many of each there are."""


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    found = tflite(text)
    assert (found if isinstance(expected, list) else Counter(line.split()[0] for line in found)) == expected


def test_a_step_is_cut_out_by_sizes_that_xnnpack_takes(tflite):
    text, _ = CASES["two steps"]
    assert [line for line in tflite(text) if line.startswith(("SLICE", "RESHAPE input:1x1x3"))] == [
        "SLICE input:2x1x3 begin:(0,0,0) size:(1,1,3) -> float32[1x1x3]",
        "RESHAPE input:1x1x3 shape:(1,3) -> float32[1x3]",
        "SLICE input:2x1x3 begin:(1,0,0) size:(1,1,3) -> float32[1x1x3]",
        "RESHAPE input:1x1x3 shape:(1,3) -> float32[1x3]",
    ]
