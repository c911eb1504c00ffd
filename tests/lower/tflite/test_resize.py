"""Resizing."""

import pytest

CASES = {
    "linear": (
        (
            "g (float[1,3,8,8] x) => (float[1,3,16,16] y) <float[4] s = {1,1,2,2}> { y = Resize <mode = "
            '"linear"> (x, , s) }'
        ),
        [
            (
                "RESIZE_BILINEAR input:1x8x8x3 size:(16,16) align_corners=False half_pixel_centers=True -> "
                "float32[1x16x16x3]"
            ),
        ],
    ),
    "linear with aligned corners": (
        (
            "g (float[1,3,8,8] x) => (float[1,3,16,16] y) <int64[4] s = {1,3,16,16}> { y = Resize <mode = "
            '"linear", coordinate_transformation_mode = "align_corners"> (x, , , s) }'
        ),
        [
            (
                "RESIZE_BILINEAR input:1x8x8x3 size:(16,16) align_corners=True half_pixel_centers=False -> "
                "float32[1x16x16x3]"
            ),
        ],
    ),
    "nearest": (
        (
            "g (float[1,3,8,8] x) => (float[1,3,16,16] y) <float[4] s = {1,1,2,2}> { y = Resize <mode = "
            '"nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (x, , s) }'
        ),
        [
            (
                "RESIZE_NEAREST_NEIGHBOR input:1x8x8x3 size:(16,16) align_corners=False "
                "half_pixel_centers=False -> float32[1x16x16x3]"
            ),
        ],
    ),
    "nearest of unknown sizes": (
        (
            "g (float[N,3,H,W] x) => (float[N,3,K,L] y) <float[4] s = {1,1,2,2}> { y = Resize <mode = "
            '"nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (x, , s) }'
        ),
        [
            "SHAPE input:NxHxWx3 out_type=INT32 -> int32[4]",
            (
                "STRIDED_SLICE input:4 begin:(1) end:(2) strides:(1) begin_mask=0 end_mask=0 "
                "shrink_axis_mask=1 -> int32[scalar]"
            ),
            (
                "STRIDED_SLICE input:4 begin:(2) end:(3) strides:(1) begin_mask=0 end_mask=0 "
                "shrink_axis_mask=1 -> int32[scalar]"
            ),
            "PACK values:scalar values:scalar values_count=2 axis=0 -> int32[2]",
            "CAST input:2 in_data_type=INT32 out_data_type=FLOAT32 -> float32[2]",
            "MUL lhs:2 rhs:(2,2) -> float32[2]",
            "FLOOR x:2 -> float32[2]",
            "CAST input:2 in_data_type=FLOAT32 out_data_type=INT32 -> int32[2]",
            (
                "RESIZE_NEAREST_NEIGHBOR input:NxHxWx3 size:2 align_corners=False half_pixel_centers=False ->"
                " float32[Nx?x?x3]"
            ),
        ],
    ),
    "upsample": (
        "9: g (float[1,3,8,8] x) => (float[1,3,16,16] y) <float[4] s = {1,1,2,2}> { y = Upsample (x, s) }",
        [
            (
                "RESIZE_NEAREST_NEIGHBOR input:1x8x8x3 size:(16,16) align_corners=False "
                "half_pixel_centers=False -> float32[1x16x16x3]"
            ),
        ],
    ),
    "one axis": (
        ('g (float[1,3,8] x) => (float[1,3,16] y) <float[3] s = {1,1,2}> { y = Resize <mode = "linear"> (x, , s) }'),
        [
            "RESHAPE input:1x8x3 shape:(1,8,1,3) -> float32[1x8x1x3]",
            (
                "RESIZE_BILINEAR input:1x8x1x3 size:(16,1) align_corners=False half_pixel_centers=True -> "
                "float32[1x16x1x3]"
            ),
            "RESHAPE input:1x16x1x3 shape:(1,16,3) -> float32[1x16x3]",
        ],
    ),
    "three axes": (
        (
            "g (float[1,3,4,4,4] x) => (float[1,3,8,8,8] y) <float[5] s = {1,1,2,2,2}> { y = Resize <mode = "
            '"linear"> (x, , s) }'
        ),
        [
            "RESHAPE input:1x4x4x4x3 shape:(4,4,4,3) -> float32[4x4x4x3]",
            (
                "RESIZE_BILINEAR input:4x4x4x3 size:(8,8) align_corners=False half_pixel_centers=True -> "
                "float32[4x8x8x3]"
            ),
            "RESHAPE input:4x8x8x3 shape:(1,4,8,8,3) -> float32[1x4x8x8x3]",
            "TRANSPOSE input:1x4x8x8x3 perm:(0,2,3,1,4) -> float32[1x8x8x4x3]",
            "RESHAPE input:1x8x8x4x3 shape:(64,4,1,3) -> float32[64x4x1x3]",
            (
                "RESIZE_BILINEAR input:64x4x1x3 size:(8,1) align_corners=False half_pixel_centers=True -> "
                "float32[64x8x1x3]"
            ),
            "RESHAPE input:64x8x1x3 shape:(1,8,8,8,3) -> float32[1x8x8x8x3]",
            "TRANSPOSE input:1x8x8x8x3 perm:(0,3,1,2,4) -> float32[1x8x8x8x3]",
        ],
    ),
    "cubic": (
        (
            "g (float[1,3,8,8] x) => (float[1,3,16,16] y) <float[4] s = {1,1,2,2}> { y = Resize <mode = "
            '"cubic"> (x, , s) }'
        ),
        [
            "RESHAPE input:1x8x8x3 shape:(1,8,24) -> float32[1x8x24]",
            "BATCH_MATMUL x:1x16x8 y:1x8x24 adj_x=False adj_y=False -> float32[1x16x24]",
            "RESHAPE input:1x16x24 shape:(1,16,8,3) -> float32[1x16x8x3]",
            "BATCH_MATMUL x:1x1x16x8 y:1x16x8x3 adj_x=False adj_y=False -> float32[1x16x16x3]",
        ],
    ),
    "nearest that rounds otherwise": (
        (
            "g (float[1,3,8,8] x) => (float[1,3,16,16] y) <float[4] s = {1,1,2,2}> { y = Resize <mode = "
            '"nearest", nearest_mode = "ceil"> (x, , s) }'
        ),
        [
            "onnx.Resize X:1x3x8x8 scales:(1,1,2,2) mode=nearest nearest_mode=ceil -> float32[1x3x16x16]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
