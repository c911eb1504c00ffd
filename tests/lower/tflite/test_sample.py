"""Images sampled at computed places."""

from collections import Counter

import pytest

CASES = {
    "nearest at the border": (
        (
            'g (float[1,3,8,8] x, float[1,4,5,2] p) => (float[1,3,4,5] y) { y = GridSample <mode = "nearest", '
            'padding_mode = "border", align_corners = 1> (x, p) }'
        ),
        [
            "RESHAPE input:1x3x8x8 shape:(1,3,64) -> float32[1x3x64]",
            "NOT_EQUAL lhs:1x4x5x2 rhs:1x4x5x2 -> bool[1x4x5x2]",
            "SELECT_V2 condition:1x4x5x2 x:-1 y:1x4x5x2 -> float32[1x4x5x2]",
            "GATHER params:1x4x5x2 indices:(1) axis=3 batch_dims=0 -> float32[1x4x5x1]",
            "RESHAPE input:1x4x5x1 shape:(1,4,5) -> float32[1x4x5]",
            "ADD lhs:1x4x5 rhs:1 -> float32[1x4x5]",
            "MUL lhs:1x4x5 rhs:3.5 -> float32[1x4x5]",
            "RELU x:1x4x5 -> float32[1x4x5]",
            "MINIMUM lhs:1x4x5 rhs:7 -> float32[1x4x5]",
            "GATHER params:1x4x5x2 indices:(0) axis=3 batch_dims=0 -> float32[1x4x5x1]",
            "RESHAPE input:1x4x5x1 shape:(1,4,5) -> float32[1x4x5]",
            "ADD lhs:1x4x5 rhs:1 -> float32[1x4x5]",
            "MUL lhs:1x4x5 rhs:3.5 -> float32[1x4x5]",
            "RELU x:1x4x5 -> float32[1x4x5]",
            "MINIMUM lhs:1x4x5 rhs:7 -> float32[1x4x5]",
            "ROUND x:1x4x5 -> float32[1x4x5]",
            "CAST input:1x4x5 in_data_type=FLOAT32 out_data_type=INT32 -> int32[1x4x5]",
            "ROUND x:1x4x5 -> float32[1x4x5]",
            "CAST input:1x4x5 in_data_type=FLOAT32 out_data_type=INT32 -> int32[1x4x5]",
            "MUL lhs:1x4x5 rhs:8 -> int32[1x4x5]",
            "ADD lhs:1x4x5 rhs:1x4x5 -> int32[1x4x5]",
            "GATHER params:1x3x64 indices:1x4x5 axis=2 batch_dims=1 -> float32[1x3x4x5]",
        ],
    ),
    "bilinear": (
        'g (float[1,3,8,8] x, float[1,4,5,2] p) => (float[1,3,4,5] y) { y = GridSample <mode = "bilinear"> (x, p) }',
        {
            "ADD": 13,
            "CAST": 4,
            "FLOOR": 2,
            "GATHER": 6,
            "MAXIMUM": 2,
            "MINIMUM": 6,
            "MUL": 14,
            "NOT_EQUAL": 1,
            "PAD": 1,
            "RELU": 4,
            "RESHAPE": 5,
            "SELECT_V2": 1,
            "SUB": 6,
        },
    ),
    "cubic has none": (
        'g (float[1,3,8,8] x, float[1,4,5,2] p) => (float[1,3,4,5] y) { y = GridSample <mode = "bicubic"> (x, p) }',
        [
            "onnx.GridSample X:1x3x8x8 grid:1x4x5x2 mode=bicubic -> float32[1x3x4x5]",
        ],
    ),
    "affine grid": (
        "20: g (float[2,2,3] t) => (float[2,4,5,2] y) <int64[4] s = {2,3,4,5}> { y = AffineGrid (t, s) }",
        [
            "TRANSPOSE input:2x2x3 perm:(0,2,1) -> float32[2x3x2]",
            "BATCH_MATMUL x:1x20x3 y:2x3x2 adj_x=False adj_y=False -> float32[2x20x2]",
            "RESHAPE input:2x20x2 shape:(2,4,5,2) -> float32[2x4x5x2]",
        ],
    ),
}
"""A case of many ops says only how many of each there are."""


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    found = tflite(text)
    assert (found if isinstance(expected, list) else Counter(line.split()[0] for line in found)) == expected
