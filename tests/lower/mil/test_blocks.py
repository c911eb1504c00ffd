"""Blocks of pixels."""

import pytest

CASES = {
    "pixel shuffle": (
        'g (float[1,8,4,4] x) => (float[1,2,8,8] y) { y = DepthToSpace <blocksize = 2, mode = "CRD"> (x) }',
        ["pixel_shuffle x:1x8x4x4 upscale_factor=2 -> float32[1x2x8x8]"],
    ),
    "depth to space": (
        "g (float[1,8,4,4] x) => (float[1,2,8,8] y) { y = DepthToSpace <blocksize = 2> (x) }",
        ["depth_to_space x:1x8x4x4 block_size=2 -> float32[1x2x8x8]"],
    ),
    "space to depth": (
        "g (float[1,2,8,8] x) => (float[1,8,4,4] y) { y = SpaceToDepth <blocksize = 2> (x) }",
        ["space_to_depth x:1x2x8x8 block_size=2 -> float32[1x8x4x4]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
