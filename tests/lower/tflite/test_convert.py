"""Casts."""

from math import inf, nan

import pytest

from edgeplan.lower.tflite.convert import whole_numbers

CASES = {
    "to integers": (
        "g (float[2,3] x) => (int64[2,3] y) { y = Cast <to = 7> (x) }",
        [
            "CAST input:2x3 in_data_type=FLOAT32 out_data_type=INT64 -> int64[2x3]",
        ],
    ),
    "of half to single": (
        "g (float16[2,3] x) => (float[2,3] y) { t = Cast <to = 1> (x) y = Relu (t) }",
        [
            "RELU x:2x3 -> float32[2x3]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected


def test_whole_numbers_of_what_is_no_finite_number_are_none():
    assert whole_numbers((1, 2.0, True)) == [1, 2, 1]
    assert [whole_numbers((1, v)) for v in (inf, -inf, nan, "1")] == [None] * 4
