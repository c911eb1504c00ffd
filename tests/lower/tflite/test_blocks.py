"""Blocks."""

import pytest

CASES = {
    "depth to space": (
        "g (float[1,8,4,4] x) => (float[1,2,8,8] y) { y = DepthToSpace <blocksize = 2> (x) }",
        [
            "DEPTH_TO_SPACE input:1x4x4x8 block_size=2 -> float32[1x8x8x2]",
        ],
    ),
    "pixel shuffle": (
        'g (float[1,8,4,4] x) => (float[1,2,8,8] y) { y = DepthToSpace <blocksize = 2, mode = "CRD"> (x) }',
        [
            "GATHER params:1x4x4x8 indices:(0,4,1,5,2,6,3,7) axis=3 batch_dims=0 -> float32[1x4x4x8]",
            "DEPTH_TO_SPACE input:1x4x4x8 block_size=2 -> float32[1x8x8x2]",
        ],
    ),
    "space to depth": (
        "g (float[1,2,8,8] x) => (float[1,8,4,4] y) { y = SpaceToDepth <blocksize = 2> (x) }",
        [
            "SPACE_TO_DEPTH input:1x8x8x2 block_size=2 -> float32[1x4x4x8]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
