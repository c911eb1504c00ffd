"""Pieces put where they belong."""

import pytest

CASES = {
    "crop and pad": (
        "g (float[10,4,3] x) => (float[6,8,3] y) <int64[2] s = {6, 8}> { y = CenterCropPad <axes = [0, 1]> (x, s) }",
        [
            "SLICE input:10x4x3 begin:(2,0,0) size:(6,4,3) -> float32[6x4x3]",
            "PAD input:6x4x3 padding:(0,0,2,2,0,0)3x2 -> float32[6x8x3]",
        ],
    ),
    "blocks to an image": (
        (
            "g (float[1,12,9] x) => (float[1,3,4,4] y) <int64[2] i = {4, 4}, int64[2] k = {2, 2}> { y = Col2Im (x, "
            "i, k) }"
        ),
        [
            "RESHAPE input:1x12x9 shape:(1,3,4,3,3) -> float32[1x3x4x3x3]",
            "TRANSPOSE input:1x3x4x3x3 perm:(0,1,3,4,2) -> float32[1x3x3x3x4]",
            "RESHAPE input:1x3x3x3x4 shape:(3,3,3,4) -> float32[3x3x3x4]",
            (
                "TRANSPOSE_CONV output_shape:(3,4,4,1) weights:1x2x2x4 input:3x3x3x4 padding=VALID stride_w=1 "
                "stride_h=1 -> float32[3x4x4x1]"
            ),
            "RESHAPE input:3x4x4x1 shape:(1,3,4,4) -> float32[1x3x4x4]",
        ],
    ),
    "blocks with pads": (
        (
            "g (float[1,9,16] x) => (float[1,1,4,4] y) <int64[2] i = {4, 4}, int64[2] k = {3, 3}> { y = Col2Im "
            "<pads = [1,1,1,1]> (x, i, k) }"
        ),
        [
            "RESHAPE input:1x9x16 shape:(1,1,9,4,4) -> float32[1x1x9x4x4]",
            "TRANSPOSE input:1x1x9x4x4 perm:(0,1,3,4,2) -> float32[1x1x4x4x9]",
            "RESHAPE input:1x1x4x4x9 shape:(1,4,4,9) -> float32[1x4x4x9]",
            (
                "TRANSPOSE_CONV output_shape:(1,6,6,1) weights:1x3x3x9 input:1x4x4x9 padding=VALID stride_w=1 "
                "stride_h=1 -> float32[1x6x6x1]"
            ),
            "RESHAPE input:1x6x6x1 shape:(1,1,6,6) -> float32[1x1x6x6]",
            "SLICE input:1x1x6x6 begin:(0,0,1,1) size:(1,1,4,4) -> float32[1x1x4x4]",
        ],
    ),
    "unpool": (
        (
            "g (float[1,1,2,2] x, int64[1,1,2,2] i) => (float[1,1,4,4] y) { y = MaxUnpool <kernel_shape = [2, 2], "
            "strides = [2, 2]> (x, i) }"
        ),
        [
            "CAST input:1x1x2x2 in_data_type=INT64 out_data_type=INT32 -> int32[1x1x2x2]",
            "RESHAPE input:1x1x2x2 shape:(4,1) -> int32[4x1]",
            "RESHAPE input:1x1x2x2 shape:(4) -> float32[4]",
            "SCATTER_ND indices:4x1 updates:4 shape:(16) -> float32[16]",
            "RESHAPE input:16 shape:(1,1,4,4) -> float32[1x1x4x4]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
