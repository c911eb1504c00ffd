"""Views."""

import pytest

CASES = {
    "planes flattened behind a convolution": (
        (
            "g (float[1,4,8,8] x) => (float[1,4,64] y) <int64[4] s = {4,4,1,1}, int64[3] a = {1,4,64}> { w = "
            "ConstantOfShape (s) t = Conv (x, w) y = Reshape (t, a) }"
        ),
        [
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            "RESHAPE input:1x8x8x4 shape:(1,64,4) -> float32[1x64x4]",
            "TRANSPOSE input:1x64x4 perm:(0,2,1) -> float32[1x4x64]",
        ],
    ),
    "patches": (
        (
            "g (float[1,3,8,8] x) => (float[1,16,4] y) <int64[4] s = {4,3,2,2}, int64[3] a = {1,4,16}> { w = "
            "ConstantOfShape (s) t = Conv <strides = [2,2]> (x, w) u = Reshape (t, a) y = Transpose <perm = "
            "[0,2,1]> (u) }"
        ),
        [
            ("CONV_2D input:1x8x8x3 filter:4x2x2x3 bias:4 padding=VALID stride_w=2 stride_h=2 -> float32[1x4x4x4]"),
            "RESHAPE input:1x4x4x4 shape:(1,16,4) -> float32[1x16x4]",
        ],
    ),
    "everything flattened behind a convolution": (
        (
            "g (float[1,4,8,8] x) => (float[1,256] y) <int64[4] s = {4,4,1,1}> { w = ConstantOfShape (s) t = "
            "Conv (x, w) y = Flatten (t) }"
        ),
        [
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            "TRANSPOSE input:1x8x8x4 perm:(0,3,1,2) -> float32[1x4x8x8]",
            "RESHAPE input:1x4x8x8 shape:(1,256) -> float32[1x256]",
        ],
    ),
    "channels shuffled": (
        (
            "g (float[1,4,8,8] x) => (float[1,4,8,8] y) <int64[4] s = {4,4,1,1}, int64[5] a = {1,2,2,8,8}, "
            "int64[4] b = {1,4,8,8}> { w = ConstantOfShape (s) t = Conv (x, w) u = Reshape (t, a) v = "
            "Transpose <perm = [0,2,1,3,4]> (u) z = Reshape (v, b) y = Conv (z, w) }"
        ),
        [
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
            "GATHER params:1x8x8x4 indices:(0,2,1,3) axis=3 batch_dims=0 -> float32[1x8x8x4]",
            ("CONV_2D input:1x8x8x4 filter:4x1x1x4 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
        ],
    ),
    "transposed for a convolution": (
        (
            "g (float[1,8,8,3] x) => (float[1,8,8,4] y) <int64[4] s = {4,3,1,1}> { w = ConstantOfShape (s) t "
            "= Transpose <perm = [0,3,1,2]> (x) u = Conv (t, w) y = Transpose <perm = [0,2,3,1]> (u) }"
        ),
        [
            ("CONV_2D input:1x8x8x3 filter:4x1x1x3 bias:4 padding=VALID stride_w=1 stride_h=1 -> float32[1x8x8x4]"),
        ],
    ),
    "transposes in a row": (
        (
            "g (float[2,3,4] x) => (float[4,2,3] y) { t = Transpose <perm = [1,0,2]> (x) u = Transpose <perm "
            "= [2,1,0]> (t) y = Relu (u) }"
        ),
        [
            "RELU x:2x3x4 -> float32[2x3x4]",
            "TRANSPOSE input:2x3x4 perm:(2,0,1) -> float32[4x2x3]",
        ],
    ),
    "transposed axes of one": (
        "g (float[1,3,4] x) => (float[3,1,4] y) { y = Transpose <perm = [1,0,2]> (x) }",
        [
            "RESHAPE input:1x3x4 shape:(3,1,4) -> float32[3x1x4]",
        ],
    ),
    "unknown sizes": (
        "g (float[N,T,8] x) => (float[N,T,2,4] y) <int64[4] a = {0,0,2,4}> { y = Reshape (x, a) }",
        [
            "SHAPE input:NxTx8 out_type=INT32 -> int32[3]",
            (
                "STRIDED_SLICE input:3 begin:(0) end:(1) strides:(1) begin_mask=0 end_mask=0 "
                "shrink_axis_mask=1 -> int32[scalar]"
            ),
            (
                "STRIDED_SLICE input:3 begin:(1) end:(2) strides:(1) begin_mask=0 end_mask=0 "
                "shrink_axis_mask=1 -> int32[scalar]"
            ),
            "PACK values:scalar values:scalar values:2 values:4 values_count=4 axis=0 -> int32[4]",
            "RESHAPE input:NxTx8 shape:4 -> float32[NxTx2x4]",
        ],
    ),
    "squeeze and unsqueeze": (
        (
            "g (float[1,3,1,4] x) => (float[1,3,4,1] y) <int64[1] a = {2}, int64[1] b = {3}> { t = Squeeze "
            "(x, a) y = Unsqueeze (t, b) }"
        ),
        [
            "RESHAPE input:1x3x1x4 shape:(1,3,4,1) -> float32[1x3x4x1]",
        ],
    ),
    "squeeze and unsqueeze of unknown sizes": (
        (
            "g (float[N,1,T,4] x) => (float[N,T,1,4,1] y) <int64[1] a = {1}, int64[2] b = {2,4}> { t = "
            "Squeeze (x, a) y = Unsqueeze (t, b) }"
        ),
        [
            "SQUEEZE input:Nx1xTx4 squeeze_dims=(1,) -> float32[NxTx4]",
            "EXPAND_DIMS input:NxTx4 dim:(2) -> float32[NxTx1x4]",
            "EXPAND_DIMS input:NxTx1x4 dim:(4) -> float32[NxTx1x4x1]",
        ],
    ),
    "flattened of unknown sizes": (
        "g (float[N,T,8] x) => (float[N,M] y) { y = Flatten (x) }",
        [
            "SHAPE input:NxTx8 out_type=INT32 -> int32[3]",
            (
                "STRIDED_SLICE input:3 begin:(0) end:(1) strides:(1) begin_mask=0 end_mask=0 "
                "shrink_axis_mask=1 -> int32[scalar]"
            ),
            "PACK values:scalar values:-1 values_count=2 axis=0 -> int32[2]",
            "RESHAPE input:NxTx8 shape:2 -> float32[Nx?]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
