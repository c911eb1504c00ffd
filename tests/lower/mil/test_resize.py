"""Resize and Upsample."""

import pytest

CASES = {
    "nearest by scales": (
        (
            "11: g (float[1,2,4,4] x) => (float[1,2,8,8] y) <float[0] r = {}, float[4] s = {1,1,2,2}> { y = "
            'Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> '
            "(x, r, s) }"
        ),
        ["upsample_nearest_neighbor x:1x2x4x4 scale_factor_height=2.0 scale_factor_width=2.0 -> float32[1x2x8x8]"],
    ),
    "linear by sizes": (
        (
            'g (float[1,2,4,4] x) => (float[1,2,7,8] y) <int64[4] s = {1,2,7,8}> { y = Resize <mode = "linear", '
            'coordinate_transformation_mode = "pytorch_half_pixel"> (x, , , s) }'
        ),
        [
            (
                "upsample_bilinear x:1x2x4x4 scale_factor_height=1.750025 scale_factor_width=2.0 "
                "align_corners=False -> float32[1x2x7x8]"
            )
        ],
    ),
    "linear with corners": (
        (
            "g (float[1,2,4,4] x) => (float[1,2,6,6] y) <float[4] s = {1,1,1.6,1.6}> { y = Resize <mode = "
            '"linear", coordinate_transformation_mode = "align_corners"> (x, , s) }'
        ),
        [
            (
                "upsample_bilinear x:1x2x4x4 scale_factor_height=1.600000023841858 "
                "scale_factor_width=1.600000023841858 align_corners=True -> float32[1x2x6x6]"
            )
        ],
    ),
    "a broken linear scale has no lowering": (
        (
            "g (float[1,2,4,4] x) => (float[1,2,6,6] y) <float[4] s = {1,1,1.6,1.6}> { y = Resize <mode = "
            '"linear"> (x, , s) }'
        ),
        ["onnx.Resize X:1x2x4x4 scales:4 mode=linear -> float32[1x2x6x6]"],
    ),
    "linear as TensorFlow 1": (
        (
            'g (float[1,2,4,4] x) => (float[1,2,8,8] y) <float[4] s = {1,1,2,2}> { y = Resize <mode = "linear", '
            'coordinate_transformation_mode = "asymmetric"> (x, , s) }'
        ),
        [
            (
                "resize_bilinear x:1x2x4x4 target_size_height=8 target_size_width=8 sampling_mode=DEFAULT -> "
                "float32[1x2x8x8]"
            )
        ],
    ),
    "one axis": (
        (
            'g (float[1,2,4] x) => (float[1,2,8] y) <float[3] s = {1,1,2}> { y = Resize <mode = "nearest", '
            'coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (x, , s) }'
        ),
        [
            "expand_dims x:1x2x4 axes=(3,) -> float32[1x2x4x1]",
            "upsample_nearest_neighbor x:1x2x4x1 scale_factor_height=2.0 scale_factor_width=1.0 -> float32[1x2x8x1]",
            "squeeze x:1x2x8x1 axes=(3,) -> float32[1x2x8]",
        ],
    ),
    "some axes": (
        (
            "g (float[1,2,4,4] x) => (float[1,2,8,8] y) <float[2] s = {2,2}> { y = Resize <axes = [2,3], mode = "
            '"linear"> (x, , s) }'
        ),
        [
            (
                "upsample_bilinear x:1x2x4x4 scale_factor_height=2.0 scale_factor_width=2.0 align_corners=False "
                "-> float32[1x2x8x8]"
            )
        ],
    ),
    "cubic has no lowering": (
        (
            'g (float[1,2,4,4] x) => (float[1,2,8,8] y) <float[4] s = {1,1,2,2}> { y = Resize <mode = "cubic"> '
            "(x, , s) }"
        ),
        ["onnx.Resize X:1x2x4x4 scales:4 mode=cubic -> float32[1x2x8x8]"],
    ),
    "a volume has no lowering": (
        (
            "g (float[1,2,4,4,4] x) => (float[1,2,8,8,8] y) <float[5] s = {1,1,2,2,2}> { y = Resize <mode = "
            '"linear"> (x, , s) }'
        ),
        ["onnx.Resize X:1x2x4x4x4 scales:5 mode=linear -> float32[1x2x8x8x8]"],
    ),
    "upsample by attribute": (
        (
            '8: g (float[1,2,4,4] x) => (float[1,2,8,8] y) { y = Upsample <mode = "linear", scales = '
            "[1.0,1.0,2.0,2.0]> (x) }"
        ),
        [
            (
                "upsample_bilinear x:1x2x4x4 scale_factor_height=2.0 scale_factor_width=2.0 align_corners=False "
                "-> float32[1x2x8x8]"
            )
        ],
    ),
    "upsample by input": (
        "9: g (float[1,2,4,4] x) => (float[1,2,8,8] y) <float[4] s = {1,1,2,2}> { y = Upsample (x, s) }",
        ["upsample_nearest_neighbor x:1x2x4x4 scale_factor_height=2.0 scale_factor_width=2.0 -> float32[1x2x8x8]"],
    ),
    "resize of opset 10": (
        "10: g (float[N,2,H,W] x) => (float[N,2,A,B] y) <float[4] s = {1,1,2,2}> { y = Resize (x, s) }",
        ["upsample_nearest_neighbor x:Nx2xHxW scale_factor_height=2.0 scale_factor_width=2.0 -> float32[Nx2x?x?]"],
    ),
    "nearest to half with rounding has no lowering": (
        "g (float[1,2,5,5] x) => (float[1,2,2,2] y) <float[4] s = {1,1,0.5,0.5}> { y = Resize (x, , s) }",
        ["onnx.Resize X:1x2x5x5 scales:4 -> float32[1x2x2x2]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
