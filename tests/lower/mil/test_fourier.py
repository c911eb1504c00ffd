"""Fourier transforms."""

import pytest

CASES = {
    "half of a real transform": (
        "20: g (float[2,8,5,1] x) => (float[2,5,5,2] y) <int64 a = {1}> { y = DFT <onesided = 1> (x, , a) }",
        [
            (
                "slice_by_index x:2x8x5x1 begin=(0,0,0,0) end=(0,0,0,1) begin_mask=(True,True,True,False) "
                "end_mask=(True,True,True,False) squeeze_mask=(False,False,False,True) -> float32[2x8x5]"
            ),
            "transpose x:2x8x5 perm=(0,2,1) -> float32[2x5x8]",
            "linear x:2x5x8 weight:5x8 -> float32[2x5x5]",
            "linear x:2x5x8 weight:5x8 -> float32[2x5x5]",
            "transpose x:2x5x5 perm=(0,2,1) -> float32[2x5x5]",
            "transpose x:2x5x5 perm=(0,2,1) -> float32[2x5x5]",
            "stack values:2x5x5 values:2x5x5 axis=3 -> float32[2x5x5x2]",
        ],
    ),
    "of complex numbers": (
        "g (float[2,8,2] x) => (float[2,8,2] y) { y = DFT <axis = 1> (x) }",
        [
            (
                "slice_by_index x:2x8x2 begin=(0,0,0) end=(0,0,1) begin_mask=(True,True,False) "
                "end_mask=(True,True,False) squeeze_mask=(False,False,True) -> float32[2x8]"
            ),
            (
                "slice_by_index x:2x8x2 begin=(0,0,1) end=(0,0,2) begin_mask=(True,True,False) "
                "end_mask=(True,True,False) squeeze_mask=(False,False,True) -> float32[2x8]"
            ),
            "linear x:2x8 weight:8x8 -> float32[2x8]",
            "linear x:2x8 weight:8x8 -> float32[2x8]",
            "linear x:2x8 weight:8x8 -> float32[2x8]",
            "linear x:2x8 weight:8x8 -> float32[2x8]",
            "sub x:2x8 y:2x8 -> float32[2x8]",
            "add x:2x8 y:2x8 -> float32[2x8]",
            "stack values:2x8 values:2x8 axis=2 -> float32[2x8x2]",
        ],
    ),
    "in short frames": (
        "g (float[1,128,1] x) => (float[1,15,9,2] y) <int64 s = {8}, int64 n = {16}> { y = STFT (x, s, , n) }",
        [
            "reshape x:1x128x1 shape=(1,1,128) -> float32[1x1x128]",
            (
                "conv x:1x1x128 weight:9x1x16 strides=(8,) pad_type=valid pad=(0,0) dilations=(1,) groups=1 -> "
                "float32[1x9x15]"
            ),
            "transpose x:1x9x15 perm=(0,2,1) -> float32[1x15x9]",
            (
                "conv x:1x1x128 weight:9x1x16 strides=(8,) pad_type=valid pad=(0,0) dilations=(1,) groups=1 -> "
                "float32[1x9x15]"
            ),
            "transpose x:1x9x15 perm=(0,2,1) -> float32[1x15x9]",
            "stack values:1x15x9 values:1x15x9 axis=3 -> float32[1x15x9x2]",
        ],
    ),
    "of a length known at run time has no lowering": (
        "g (float[1,8,2] x, int64 n) => (float[1,N,2] y) { y = DFT <axis = 1> (x, n) }",
        ["onnx.DFT input:1x8x2 dft_length:scalar axis=1 -> float32[1x?x2]"],
    ),
    "by steps known at run time have no lowering": (
        "g (float[1,128,1] x, int64 s) => (float[1,N,9,2] y) <int64 n = {16}> { y = STFT (x, s, , n) }",
        ["onnx.STFT signal:1x128x1 frame_step:scalar frame_length:scalar -> float32[1x?x9x2]"],
    ),
    "half a spectrum back": (
        (
            "20: g (float[2,5,2] x) => (float[2,8,1] y) <int64 n = {8}, int64 a = {1}> { y = DFT <inverse = 1, "
            "onesided = 1> (x, n, a) }"
        ),
        [
            (
                "slice_by_index x:2x5x2 begin=(0,0,0) end=(0,0,1) begin_mask=(True,True,False) "
                "end_mask=(True,True,False) squeeze_mask=(False,False,True) -> float32[2x5]"
            ),
            (
                "slice_by_index x:2x5x2 begin=(0,0,1) end=(0,0,2) begin_mask=(True,True,False) "
                "end_mask=(True,True,False) squeeze_mask=(False,False,True) -> float32[2x5]"
            ),
            "linear x:2x5 weight:8x5 -> float32[2x8]",
            "linear x:2x5 weight:8x5 -> float32[2x8]",
            "sub x:2x8 y:2x8 -> float32[2x8]",
            "expand_dims x:2x8 axes=(2,) -> float32[2x8x1]",
        ],
    ),
    "of the length it has": (
        "20: g (float[2,8,1] x) => (float[2,8,2] y) <int64 n = {8}, int64 a = {1}> { y = DFT (x, n, a) }",
        [
            (
                "slice_by_index x:2x8x1 begin=(0,0,0) end=(0,0,1) begin_mask=(True,True,False) "
                "end_mask=(True,True,False) squeeze_mask=(False,False,True) -> float32[2x8]"
            ),
            "linear x:2x8 weight:8x8 -> float32[2x8]",
            "linear x:2x8 weight:8x8 -> float32[2x8]",
            "stack values:2x8 values:2x8 axis=2 -> float32[2x8x2]",
        ],
    ),
    "of another length has no lowering": (
        "20: g (float[2,8,1] x) => (float[2,6,2] y) <int64 n = {6}, int64 a = {1}> { y = DFT (x, n, a) }",
        ["onnx.DFT input:2x8x1 dft_length:scalar axis:scalar -> float32[2x6x2]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
