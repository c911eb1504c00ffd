"""Convolutions."""

import pytest

CASES = {
    "conv": (
        (
            "g (float[1,8,9,9] x) => (float[1,4,4,4] y) <int64[4] s = {4,8,3,3}> { w = ConstantOfShape (s) y = "
            "Conv <strides = [2,2]> (x, w) }"
        ),
        [
            (
                "conv x:1x8x9x9 weight:4x8x3x3 strides=(2,2) dilations=(1,1) groups=1 pad_type=valid "
                "pad=(0,0,0,0) -> float32[1x4x4x4]"
            )
        ],
    ),
    "depthwise conv of one axis": (
        (
            "g (float[1,8,16] x) => (float[1,8,16] y) <int64[3] s = {8,1,3}, float[8] c = {0,0,0,0,0,0,0,0}> { w "
            "= ConstantOfShape (s) y = Conv <group = 8, pads = [2,2], dilations = [2]> (x, w, c) }"
        ),
        [
            (
                "conv x:1x8x16 weight:8x1x3 bias:8 strides=(1,) dilations=(2,) groups=8 pad_type=custom "
                "pad=(2,2) -> float32[1x8x16]"
            )
        ],
    ),
    "conv padded as TensorFlow does": (
        (
            "g (float[1,8,9,9] x) => (float[1,4,5,5] y) <int64[4] s = {4,8,3,3}> { w = ConstantOfShape (s) y = "
            'Conv <strides = [2,2], auto_pad = "SAME_UPPER"> (x, w) }'
        ),
        [
            (
                "conv x:1x8x9x9 weight:4x8x3x3 strides=(2,2) dilations=(1,1) groups=1 pad_type=same "
                "pad=(0,0,0,0) -> float32[1x4x5x5]"
            )
        ],
    ),
    "conv of computed weights": (
        "g (float[1,8,9,9] x, float[4,8,3,3] w) => (float[1,4,7,7] y) { y = Conv (x, w) }",
        [
            (
                "conv x:1x8x9x9 weight:4x8x3x3 strides=(1,1) dilations=(1,1) groups=1 pad_type=valid "
                "pad=(0,0,0,0) -> float32[1x4x7x7]"
            )
        ],
    ),
    "fused conv": (
        (
            "g (float[1,8,9,9] x) => (float[1,4,7,7] y) <int64[4] s = {4,8,3,3}> { w = ConstantOfShape (s) y = "
            'com.microsoft.FusedConv <activation = "Relu"> (x, w) }'
        ),
        [
            (
                "conv x:1x8x9x9 weight:4x8x3x3 strides=(1,1) dilations=(1,1) groups=1 pad_type=valid "
                "pad=(0,0,0,0) -> float32[1x4x7x7]"
            ),
            "relu x:1x4x7x7 -> float32[1x4x7x7]",
        ],
    ),
    "transposed conv": (
        (
            "g (float[1,4,8,8] x) => (float[1,2,16,16] y) <int64[4] s = {4,2,2,2}> { w = ConstantOfShape (s) y = "
            "ConvTranspose <strides = [2,2]> (x, w) }"
        ),
        [
            (
                "conv_transpose x:1x4x8x8 weight:4x2x2x2 strides=(2,2) dilations=(1,1) groups=1 pad_type=valid "
                "pad=(0,0,0,0) output_shape=(1,2,16,16) -> float32[1x2x16x16]"
            )
        ],
    ),
    "output padding is a crop": (
        (
            "g (float[1,4,8,8] x) => (float[1,2,16,16] y) <int64[4] s = {4,2,3,3}> { w = ConstantOfShape (s) y = "
            "ConvTranspose <strides = [2,2], pads = [1,1,1,1], output_padding = [1,1]> (x, w) }"
        ),
        [
            (
                "conv_transpose x:1x4x8x8 weight:4x2x3x3 strides=(2,2) dilations=(1,1) groups=1 pad_type=valid "
                "pad=(0,0,0,0) output_shape=(1,2,17,17) -> float32[1x2x17x17]"
            ),
            "crop x:1x2x17x17 crop_height=(1,0) crop_width=(1,0) -> float32[1x2x16x16]",
        ],
    ),
    "output padding of one axis is a slice": (
        (
            "g (float[1,4,8] x) => (float[1,2,16] y) <int64[3] s = {4,2,5}> { w = ConstantOfShape (s) y = "
            "ConvTranspose <strides = [2], pads = [2,2], output_padding = [1]> (x, w) }"
        ),
        [
            (
                "conv_transpose x:1x4x8 weight:4x2x5 strides=(2,) dilations=(1,) groups=1 pad_type=valid "
                "pad=(0,0) output_shape=(1,2,19) -> float32[1x2x19]"
            ),
            (
                "slice_by_index x:1x2x19 begin=(0,0,2) end=(0,0,-1) begin_mask=(True,True,False) "
                "end_mask=(True,True,False) -> float32[1x2x16]"
            ),
        ],
    ),
    "output padding without padding has no lowering": (
        (
            "g (float[1,4,8] x) => (float[1,2,18] y) <int64[3] s = {4,2,3}> { w = ConstantOfShape (s) y = "
            "ConvTranspose <strides = [2], output_padding = [1]> (x, w) }"
        ),
        ["onnx.ConvTranspose X:1x4x8 W:4x2x3 strides=(2,) output_padding=(1,) -> float32[1x2x18]"],
    ),
    "output shape gives the padding": (
        (
            "g (float[1,4,8] x) => (float[1,2,16] y) <int64[3] s = {4,2,3}> { w = ConstantOfShape (s) y = "
            "ConvTranspose <strides = [2], output_shape = [16]> (x, w) }"
        ),
        [
            (
                "conv_transpose x:1x4x8 weight:4x2x3 strides=(2,) dilations=(1,) groups=1 pad_type=custom "
                "pad=(0,1) output_shape=(1,2,16) -> float32[1x2x16]"
            )
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
