"""Determinants and inverses."""

from collections import Counter

import pytest

CASES = {
    "of two": (
        "g (float[5,2,2] x) => (float[5] y) { y = Det (x) }",
        [
            "GATHER params:5x2x2 indices:(0) axis=1 batch_dims=0 -> float32[5x1x2]",
            "RESHAPE input:5x1x2 shape:(5,2) -> float32[5x2]",
            "GATHER params:5x2x2 indices:(1) axis=1 batch_dims=0 -> float32[5x1x2]",
            "RESHAPE input:5x1x2 shape:(5,2) -> float32[5x2]",
            "GATHER params:5x2 indices:(0) axis=1 batch_dims=0 -> float32[5x1]",
            "RESHAPE input:5x1 shape:(5) -> float32[5]",
            "GATHER params:5x2 indices:(1) axis=1 batch_dims=0 -> float32[5x1]",
            "RESHAPE input:5x1 shape:(5) -> float32[5]",
            "MUL lhs:5 rhs:5 -> float32[5]",
            "GATHER params:5x2 indices:(1) axis=1 batch_dims=0 -> float32[5x1]",
            "RESHAPE input:5x1 shape:(5) -> float32[5]",
            "GATHER params:5x2 indices:(0) axis=1 batch_dims=0 -> float32[5x1]",
            "RESHAPE input:5x1 shape:(5) -> float32[5]",
            "MUL lhs:5 rhs:5 -> float32[5]",
            "SUB lhs:5 rhs:5 -> float32[5]",
        ],
    ),
    "of three": (
        "g (float[3,3] x) => (float y) { y = Det (x) }",
        {
            "ADD": 1,
            "GATHER": 12,
            "MUL": 9,
            "RESHAPE": 12,
            "SUB": 4,
        },
    ),
    "of four has none": (
        "g (float[4,4] x) => (float y) { y = Det (x) }",
        [
            "onnx.Det X:4x4 -> float32[scalar]",
        ],
    ),
    "inverse": (
        "g (float[2,2] x) => (float[2,2] y) { y = com.microsoft.Inverse (x) }",
        [
            "RESHAPE input:2x2 shape:(1,2,2) -> float32[1x2x2]",
            "CONCATENATION values:1x2x2 values:1x2x2 axis=2 -> float32[1x2x4]",
            "SLICE input:1x2x4 begin:(0,0,0) size:(1,2,1) -> float32[1x2x1]",
            "ABS x:1x2x1 -> float32[1x2x1]",
            "ARG_MAX input:1x2x1 dim:(1) output_type=INT32 -> int32[1x1]",
            "ADD lhs:1x1 rhs:0 -> int32[1x1]",
            "ONE_HOT indices:1x1 depth:2 on_value:1 off_value:0 axis=-1 -> float32[1x1x2]",
            "SUB lhs:1x1x2 rhs:1x1x2 -> float32[1x1x2]",
            "BATCH_MATMUL x:1x1x2 y:1x2x4 adj_x=False adj_y=False -> float32[1x1x4]",
            "BATCH_MATMUL x:1x1x2 y:1x1x4 adj_x=True adj_y=False -> float32[1x2x4]",
            "SUB lhs:1x2x4 rhs:1x2x4 -> float32[1x2x4]",
            "SLICE input:1x2x4 begin:(0,0,0) size:(1,1,4) -> float32[1x1x4]",
            "SLICE input:1x1x4 begin:(0,0,0) size:(1,1,1) -> float32[1x1x1]",
            "DIV lhs:1x1x4 rhs:1x1x1 -> float32[1x1x4]",
            "SLICE input:1x2x4 begin:(0,0,0) size:(1,2,1) -> float32[1x2x1]",
            "SUB lhs:1x2x1 rhs:1x2x1 -> float32[1x2x1]",
            "BATCH_MATMUL x:1x2x1 y:1x1x4 adj_x=False adj_y=False -> float32[1x2x4]",
            "SUB lhs:1x2x4 rhs:1x2x4 -> float32[1x2x4]",
            "SLICE input:1x2x4 begin:(0,1,0) size:(1,1,4) -> float32[1x1x4]",
            "SLICE input:1x1x4 begin:(0,0,1) size:(1,1,1) -> float32[1x1x1]",
            "DIV lhs:1x1x4 rhs:1x1x1 -> float32[1x1x4]",
            "SLICE input:1x2x4 begin:(0,0,1) size:(1,2,1) -> float32[1x2x1]",
            "SUB lhs:1x2x1 rhs:1x2x1 -> float32[1x2x1]",
            "BATCH_MATMUL x:1x2x1 y:1x1x4 adj_x=False adj_y=False -> float32[1x2x4]",
            "SUB lhs:1x2x4 rhs:1x2x4 -> float32[1x2x4]",
            "SLICE input:1x2x4 begin:(0,0,2) size:(1,2,2) -> float32[1x2x2]",
            "RESHAPE input:1x2x2 shape:(2,2) -> float32[2x2]",
        ],
    ),
}
"""A case of many ops says only how many of each there are."""


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    found = tflite(text)
    assert (found if isinstance(expected, list) else Counter(line.split()[0] for line in found)) == expected
