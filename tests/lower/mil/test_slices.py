"""Slice."""

import pytest

CASES = {
    "by attributes": (
        "9: g (float[4,8] x) => (float[4,4] y) { y = Slice <axes = [1], starts = [2], ends = [-2]> (x) }",
        [
            (
                "slice_by_index x:4x8 begin=(0,2) end=(0,-2) stride=(1,1) begin_mask=(False,False) "
                "end_mask=(True,False) -> float32[4x4]"
            )
        ],
    ),
    "to the end": (
        (
            "g (float[4,8] x) => (float[4,3] y) <int64[1] s = {2}, int64[1] e = {9223372036854775807}, int64[1] "
            "a = {-1}, int64[1] t = {2}> { y = Slice (x, s, e, a, t) }"
        ),
        [
            (
                "slice_by_index x:4x8 begin=(0,2) end=(0,0) stride=(1,2) begin_mask=(False,False) "
                "end_mask=(True,True) -> float32[4x3]"
            )
        ],
    ),
    "backwards is a reversal": (
        (
            "g (float[4,8] x) => (float[4,8] y) <int64[1] s = {-1}, int64[1] e = {-9223372036854775808}, "
            "int64[1] a = {1}, int64[1] t = {-1}> { y = Slice (x, s, e, a, t) }"
        ),
        ["reverse x:4x8 axes=(1,) -> float32[4x8]"],
    ),
    "a part backwards": (
        (
            "g (float[4,8] x) => (float[4,3] y) <int64[1] s = {5}, int64[1] e = {2}, int64[1] a = {1}, int64[1] "
            "t = {-1}> { y = Slice (x, s, e, a, t) }"
        ),
        [
            (
                "slice_by_index x:4x8 begin=(0,5) end=(0,2) stride=(1,-1) begin_mask=(False,False) "
                "end_mask=(True,False) -> float32[4x3]"
            )
        ],
    ),
    "known at run time": (
        (
            "g (float[4,8,9] x, int64[1] s, int64[1] e) => (float[4,A,9] y) <int64[1] a = {1}> { y = Slice (x, "
            "s, e, a) }"
        ),
        [
            "concat values:1 values:1 values:1 axis=0 interleave=False -> int32[3]",
            "concat values:1 values:1 values:1 axis=0 interleave=False -> int32[3]",
            "slice_by_index x:4x8x9 begin:3 end:3 stride=(1,1,1) end_mask=(True,False,True) -> float32[4x?x9]",
        ],
    ),
    "two axes known at run time": (
        (
            "g (float[4,8,9] x, int64[2] s, int64[2] e) => (float[A,8,B] y) <int64[2] a = {0,2}> { y = Slice (x, "
            "s, e, a) }"
        ),
        [
            "slice_by_index x:2 begin=(0,) end=(1,) end_mask=(False,) -> int32[1]",
            "slice_by_index x:2 begin=(1,) end=(2,) end_mask=(False,) -> int32[1]",
            "concat values:1 values:1 values:1 axis=0 interleave=False -> int32[3]",
            "slice_by_index x:2 begin=(0,) end=(1,) end_mask=(False,) -> int32[1]",
            "slice_by_index x:2 begin=(1,) end=(2,) end_mask=(False,) -> int32[1]",
            "concat values:1 values:1 values:1 axis=0 interleave=False -> int32[3]",
            "slice_by_index x:4x8x9 begin:3 end:3 stride=(1,1,1) end_mask=(False,True,False) -> float32[?x8x?]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
