"""Padding."""

import pytest

CASES = {
    "reflect": (
        (
            "g (float[1,2,4,4] x) => (float[1,2,6,7] y) <int64[8] p = {0,0,1,1,0,0,1,2}> { y = Pad <mode = "
            '"reflect"> (x, p) }'
        ),
        ["pad x:1x2x4x4 mode=reflect constant_val=0.0 pad=(0,0,0,0,1,1,1,2) -> float32[1x2x6x7]"],
    ),
    "by attributes": (
        "10: g (float[1,2,4,4] x) => (float[1,2,6,7] y) { y = Pad <pads = [0,0,1,1,0,0,1,2], value = 1.5> (x) }",
        ["pad x:1x2x4x4 mode=constant constant_val=1.5 pad=(0,0,0,0,1,1,1,2) -> float32[1x2x6x7]"],
    ),
    "of some axes": (
        (
            "g (float[1,2,4,4] x) => (float[1,2,4,7] y) <int64[2] p = {1,2}, float c = {0}, int64[1] a = {-1}> { "
            'y = Pad <mode = "edge"> (x, p, c, a) }'
        ),
        ["pad x:1x2x4x4 mode=replicate constant_val=0.0 pad=(0,0,0,0,0,0,1,2) -> float32[1x2x4x7]"],
    ),
    "wrap has no lowering": (
        (
            "19: g (float[1,2,4,4] x) => (float[1,2,4,6] y) <int64[8] p = {0,0,0,1,0,0,0,1}> { y = Pad <mode = "
            '"wrap"> (x, p) }'
        ),
        ["onnx.Pad data:1x2x4x4 pads:8 mode=wrap -> float32[1x2x4x6]"],
    ),
    "of one axis known at run time": (
        "g (float[4] x, int64[2] p) => (float[A] y) { y = Pad (x, p) }",
        ["pad x:4 pad:2 mode=constant constant_val=0.0 -> float32[?]"],
    ),
    "of more axes known at run time has no lowering": (
        "g (float[4,4] x, int64[4] p) => (float[A,B] y) { y = Pad (x, p) }",
        ["onnx.Pad data:4x4 pads:4 -> float32[?x?]"],
    ),
    "of integers": (
        "g (int64[4] x) => (int64[5] y) <int64[2] p = {1,0}> { y = Pad (x, p) }",
        [
            "cast x:4 dtype=fp32 -> float32[4]",
            "pad x:4 mode=constant constant_val=0.0 pad=(1,0) -> float32[5]",
            "cast x:5 dtype=int32 -> int32[5]",
        ],
    ),
    "negative": (
        "g (float[1,2,4,4] x) => (float[1,2,3,5] y) <int64[8] p = {0,0,-1,1,0,0,0,0}> { y = Pad (x, p) }",
        [
            (
                "slice_by_index x:1x2x4x4 begin=(0,0,1,0) end=(1,2,4,4) stride=(1,1,1,1) "
                "begin_mask=(True,True,False,True) end_mask=(True,True,False,True) -> float32[1x2x3x4]"
            ),
            "pad x:1x2x3x4 mode=constant constant_val=0.0 pad=(0,0,0,0,0,0,1,0) -> float32[1x2x3x5]",
        ],
    ),
    "negative alone": (
        "g (float[4,4] x) => (float[3,4] y) <int64[4] p = {-1,0,0,0}> { y = Pad (x, p) }",
        [
            (
                "slice_by_index x:4x4 begin=(1,0) end=(4,4) stride=(1,1) begin_mask=(False,True) "
                "end_mask=(False,True) -> float32[3x4]"
            )
        ],
    ),
    "negative on a free axis has no lowering": (
        "g (float[N,4] x) => (float[M,4] y) <int64[4] p = {-1,0,0,0}> { y = Pad (x, p) }",
        ["onnx.Pad data:Nx4 pads:4 -> float32[?x4]"],
    ),
    "to a size around the centre": (
        "g (float[4,6] x) => (float[7,3] y) <int64[2] s = {7,3}> { y = CenterCropPad (x, s) }",
        [
            (
                "slice_by_index x:4x6 begin=(0,1) end=(4,4) stride=(1,1) begin_mask=(True,False) "
                "end_mask=(True,False) -> float32[4x3]"
            ),
            "pad x:4x3 mode=constant constant_val=0.0 pad=(1,2,0,0) -> float32[7x3]",
        ],
    ),
    "to a smaller size around the centre": (
        "g (float[4,6] x) => (float[4,3] y) <int64[2] s = {4,3}> { y = CenterCropPad (x, s) }",
        [
            (
                "slice_by_index x:4x6 begin=(0,1) end=(4,4) stride=(1,1) begin_mask=(True,False) "
                "end_mask=(True,False) -> float32[4x3]"
            )
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
