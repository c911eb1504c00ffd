"""Regions of images."""

from collections import Counter

import pytest

CASES = {
    "two samples a side": (
        (
            "g (float[1,3,8,8] x, float[N,4] r, int64[N] i) => (float[N,3,2,2] y) { y = RoiAlign <output_height = "
            "2, output_width = 2, sampling_ratio = 2> (x, r, i) }"
        ),
        {
            "ADD": 19,
            "AVERAGE_POOL_2D": 1,
            "CAST": 9,
            "FLOOR": 2,
            "GATHER": 8,
            "GREATER_EQUAL": 8,
            "LESS_EQUAL": 8,
            "LOGICAL_AND": 12,
            "MAXIMUM": 10,
            "MINIMUM": 12,
            "MUL": 23,
            "RESHAPE": 8,
            "SUB": 18,
            "TILE": 2,
        },
    ),
    "one, largest": (
        (
            "10: g (float[1,3,8,8] x, float[5,4] r, int64[5] i) => (float[5,3,2,2] y) { y = RoiAlign <output_height "
            '= 2, output_width = 2, spatial_scale = 0.5, mode = "max"> (x, r, i) }'
        ),
        {
            "ADD": 19,
            "CAST": 9,
            "FLOOR": 2,
            "GATHER": 8,
            "GREATER_EQUAL": 8,
            "LESS_EQUAL": 8,
            "LOGICAL_AND": 12,
            "MAXIMUM": 12,
            "MAX_POOL_2D": 1,
            "MINIMUM": 12,
            "MUL": 24,
            "RESHAPE": 8,
            "SUB": 14,
            "TILE": 2,
        },
    ),
    "an image of unknown size has none": (
        (
            "g (float[1,3,H,W] x, float[5,4] r, int64[5] i) => (float[5,3,2,2] y) { y = RoiAlign <output_height = "
            "2, output_width = 2> (x, r, i) }"
        ),
        [
            "onnx.RoiAlign X:1x3xHxW rois:5x4 batch_indices:5 output_height=2 output_width=2 -> float32[5x3x2x2]",
        ],
    ),
}
"""A case of many ops says only how many of each there are."""


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    found = tflite(text)
    assert (found if isinstance(expected, list) else Counter(line.split()[0] for line in found)) == expected
