"""Ops along an axis or a diagonal."""

import pytest

CASES = {
    "cumulative sum": (
        "g (float[2,9] x) => (float[2,9] y) <int64 a = {-1}> { y = CumSum <exclusive = 1> (x, a) }",
        ["cumsum x:2x9 axis=1 exclusive=True reverse=False -> float32[2x9]"],
    ),
    "upper triangle": (
        "g (float[9,9] x) => (float[9,9] y) { y = Trilu (x) }",
        ["band_part x:9x9 lower=0 upper=-1 -> float32[9x9]"],
    ),
    "above the diagonal": (
        "g (float[9,9] x) => (float[9,9] y) <int64 k = {1}> { y = Trilu (x, k) }",
        ["band_part x:9x9 lower=-1 upper=0 -> float32[9x9]", "sub x:9x9 y:9x9 -> float32[9x9]"],
    ),
    "lower triangle": (
        "g (float[9,9] x) => (float[9,9] y) <int64 k = {2}> { y = Trilu <upper = 0> (x, k) }",
        ["band_part x:9x9 lower=-1 upper=2 -> float32[9x9]"],
    ),
    "below the diagonal of booleans": (
        "g (bool[9,9] x) => (bool[9,9] y) <int64 k = {-1}> { y = Trilu <upper = 0> (x, k) }",
        [
            "band_part x:9x9 lower=0 upper=-1 -> bool[9x9]",
            "cast x:9x9 dtype=int32 -> int32[9x9]",
            "cast x:9x9 dtype=int32 -> int32[9x9]",
            "sub x:9x9 y:9x9 -> int32[9x9]",
            "cast x:9x9 dtype=bool -> bool[9x9]",
        ],
    ),
    "reverse sequence": (
        "g (float[9,2] x, int64[2] n) => (float[9,2] y) { y = ReverseSequence (x, n) }",
        ["reverse_sequence x:9x2 lengths:2 seq_axis=0 batch_axis=1 -> float32[9x2]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
