"""Images sampled at computed places."""

import pytest

CASES = {
    "grid sample": (
        (
            "g (float[1,2,4,4] x, float[1,6,6,2] i) => (float[1,2,6,6] y) { y = GridSample <padding_mode = "
            '"reflection"> (x, i) }'
        ),
        [
            (
                "resample x:1x2x4x4 coordinates:1x6x6x2 sampling_mode=bilinear padding_mode=symmetric "
                "padding_value=0.0 coordinates_mode=normalized_minus_one_to_one align_corners=False -> "
                "float32[1x2x6x6]"
            )
        ],
    ),
    "bicubic has no lowering": (
        'g (float[1,2,4,4] x, float[1,6,6,2] i) => (float[1,2,6,6] y) { y = GridSample <mode = "bicubic"> (x, i) }',
        ["onnx.GridSample X:1x2x4x4 grid:1x6x6x2 mode=bicubic -> float32[1x2x6x6]"],
    ),
    "affine grid and sample are affine": (
        (
            "20: g (float[1,2,4,4] x, float[1,2,3] t) => (float[1,2,6,6] y) <int64[4] s = {1,2,6,6}> { i = "
            "AffineGrid (t, s) y = GridSample (x, i) }"
        ),
        [
            "reshape x:1x2x3 shape=(-1,6) -> float32[1x6]",
            (
                "affine x:1x2x4x4 transform_matrix:1x6 output_height=6 output_width=6 sampling_mode=bilinear "
                "padding_mode=constant padding_value=0.0 coordinates_mode=normalized_minus_one_to_one "
                "align_corners=False -> float32[1x2x6x6]"
            ),
        ],
    ),
    "affine grid alone has no lowering": (
        "20: g (float[1,2,3] t) => (float[1,6,6,2] y) <int64[4] s = {1,2,6,6}> { y = AffineGrid (t, s) }",
        ["onnx.AffineGrid theta:1x2x3 size:4 -> float32[1x6x6x2]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
