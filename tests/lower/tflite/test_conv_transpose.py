"""Transposed convolutions."""

import pytest

CASES = {
    "without padding": (
        (
            "g (float[1,8,4,4] x) => (float[1,4,8,8] y) <int64[4] s = {8,4,2,2}, float[4] c = {0,0,0,0}> { w "
            "= ConstantOfShape (s) t = ConvTranspose <strides = [2,2]> (x, w, c) y = Relu (t) }"
        ),
        [
            (
                "TRANSPOSE_CONV output_shape:(1,8,8,4) weights:4x2x2x8 input:1x4x4x8 bias:(0,0,0,0) "
                "padding=VALID stride_w=2 stride_h=2 fused_activation_function=RELU -> float32[1x8x8x4]"
            ),
        ],
    ),
    "padding and output padding": (
        (
            "g (float[1,8,4,4] x) => (float[1,4,8,8] y) <int64[4] s = {8,4,3,3}, float[4] c = {0,0,0,0}> { w "
            "= ConstantOfShape (s) y = ConvTranspose <strides = [2,2], pads = [1,1,1,1], output_padding = "
            "[1,1]> (x, w, c) }"
        ),
        [
            (
                "TRANSPOSE_CONV output_shape:(1,9,9,4) weights:4x3x3x8 input:1x4x4x8 padding=VALID stride_w=2"
                " stride_h=2 -> float32[1x9x9x4]"
            ),
            (
                "STRIDED_SLICE input:1x9x9x4 begin:(0,1,1,0) end:(1,9,9,4) strides:(1,1,1,1) begin_mask=0 "
                "end_mask=0 shrink_axis_mask=0 -> float32[1x8x8x4]"
            ),
            "ADD lhs:1x8x8x4 rhs:(0,0,0,0) -> float32[1x8x8x4]",
        ],
    ),
    "groups": (
        (
            "g (float[1,4,4,4] x) => (float[1,4,8,8] y) <int64[4] s = {4,2,2,2}> { w = ConstantOfShape (s) y "
            "= ConvTranspose <strides = [2,2], group = 2> (x, w) }"
        ),
        [
            "SPLIT split_dim:3 value:1x4x4x4 num_splits=2 -> float32[1x4x4x2], float32[1x4x4x2]",
            (
                "TRANSPOSE_CONV output_shape:(1,8,8,2) weights:2x2x2x2 input:1x4x4x2 padding=VALID stride_w=2"
                " stride_h=2 -> float32[1x8x8x2]"
            ),
            (
                "TRANSPOSE_CONV output_shape:(1,8,8,2) weights:2x2x2x2 input:1x4x4x2 padding=VALID stride_w=2"
                " stride_h=2 -> float32[1x8x8x2]"
            ),
            "CONCATENATION values:1x8x8x2 values:1x8x8x2 axis=3 -> float32[1x8x8x4]",
        ],
    ),
    "dilated": (
        (
            "g (float[1,8,4,4] x) => (float[1,4,8,8] y) <int64[4] s = {8,4,3,3}> { w = ConstantOfShape (s) y "
            "= ConvTranspose <dilations = [2,2]> (x, w) }"
        ),
        [
            (
                "TRANSPOSE_CONV output_shape:(1,8,8,4) weights:4x5x5x8 input:1x4x4x8 padding=VALID stride_w=1"
                " stride_h=1 -> float32[1x8x8x4]"
            ),
        ],
    ),
    "SAME": (
        (
            "g (float[1,8,4,4] x) => (float[1,4,8,8] y) <int64[4] s = {8,4,3,3}> { w = ConstantOfShape (s) y "
            '= ConvTranspose <strides = [2,2], auto_pad = "SAME_UPPER"> (x, w) }'
        ),
        [
            (
                "TRANSPOSE_CONV output_shape:(1,8,8,4) weights:4x3x3x8 input:1x4x4x8 padding=SAME stride_w=2 "
                "stride_h=2 -> float32[1x8x8x4]"
            ),
        ],
    ),
    "a size asked for": (
        (
            "g (float[1,8,4,4] x) => (float[1,4,7,7] y) <int64[4] s = {8,4,3,3}> { w = ConstantOfShape (s) y "
            "= ConvTranspose <strides = [2,2], output_shape = [7,7]> (x, w) }"
        ),
        [
            (
                "TRANSPOSE_CONV output_shape:(1,9,9,4) weights:4x3x3x8 input:1x4x4x8 padding=VALID stride_w=2"
                " stride_h=2 -> float32[1x9x9x4]"
            ),
            (
                "STRIDED_SLICE input:1x9x9x4 begin:(0,1,1,0) end:(1,8,8,4) strides:(1,1,1,1) begin_mask=0 "
                "end_mask=0 shrink_axis_mask=0 -> float32[1x7x7x4]"
            ),
        ],
    ),
    "one axis": (
        (
            "g (float[1,8,4] x) => (float[1,4,8] y) <int64[3] s = {8,4,4}> { w = ConstantOfShape (s) y = "
            "ConvTranspose <strides = [2], pads = [1,1]> (x, w) }"
        ),
        [
            "RESHAPE input:1x4x8 shape:(1,1,4,8) -> float32[1x1x4x8]",
            (
                "TRANSPOSE_CONV output_shape:(1,1,10,4) weights:4x1x4x8 input:1x1x4x8 padding=VALID "
                "stride_w=2 stride_h=1 -> float32[1x1x10x4]"
            ),
            (
                "STRIDED_SLICE input:1x1x10x4 begin:(0,0,1,0) end:(1,1,9,4) strides:(1,1,1,1) begin_mask=0 "
                "end_mask=0 shrink_axis_mask=0 -> float32[1x1x8x4]"
            ),
            "RESHAPE input:1x1x8x4 shape:(1,8,4) -> float32[1x8x4]",
        ],
    ),
    "three axes": (
        (
            "g (float[1,8,2,4,4] x) => (float[1,4,4,8,8] y) <int64[5] s = {8,4,2,2,2}> { w = ConstantOfShape "
            "(s) y = ConvTranspose <strides = [2,2,2]> (x, w) }"
        ),
        [
            (
                "CONV_3D_TRANSPOSE output_shape:(1,4,8,8,4) filter:2x2x2x4x8 input:1x2x4x4x8 padding=VALID "
                "stride_d=2 stride_w=2 stride_h=2 -> float32[1x4x8x8x4]"
            ),
        ],
    ),
    "unknown batch and width": (
        (
            "g (float[N,8,4,T] x) => (float[N,4,8,U] y) <int64[4] s = {8,4,4,4}> { w = ConstantOfShape (s) y "
            "= ConvTranspose <strides = [2,2], pads = [1,1,1,1]> (x, w) }"
        ),
        [
            "SHAPE input:Nx4xTx8 out_type=INT32 -> int32[4]",
            (
                "STRIDED_SLICE input:4 begin:(2) end:(3) strides:(1) begin_mask=0 end_mask=0 "
                "shrink_axis_mask=1 -> int32[scalar]"
            ),
            "MUL lhs:scalar rhs:2 -> int32[scalar]",
            "ADD lhs:scalar rhs:2 -> int32[scalar]",
            (
                "STRIDED_SLICE input:4 begin:(0) end:(1) strides:(1) begin_mask=0 end_mask=0 "
                "shrink_axis_mask=1 -> int32[scalar]"
            ),
            "PACK values:scalar values:10 values:scalar values:4 values_count=4 axis=0 -> int32[4]",
            (
                "TRANSPOSE_CONV output_shape:4 weights:4x4x4x8 input:Nx4xTx8 padding=VALID stride_w=2 "
                "stride_h=2 -> float32[Nx10x?x4]"
            ),
            (
                "STRIDED_SLICE input:Nx10x?x4 begin:(0,1,1,0) end:(0,9,-1,4) strides:(1,1,1,1) begin_mask=0 "
                "end_mask=1 shrink_axis_mask=0 -> float32[Nx8x?x4]"
            ),
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
