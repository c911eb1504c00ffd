"""Gathers and scatters."""

import pytest

CASES = {
    "embedding": (
        "g (int64[1,5] i) => (float[1,5,4] y) <int64[2] s = {9,4}> { w = ConstantOfShape (s) y = Gather (w, i) }",
        ["gather x:9x4 indices:1x5 axis=0 -> float32[1x5x4]"],
    ),
    "one position is a slice": (
        "g (float[2,5,4] x) => (float[2,4] y) <int64 i = {0}> { y = Gather <axis = 1> (x, i) }",
        [
            (
                "slice_by_index x:2x5x4 begin=(0,0,0) end=(0,1,0) end_mask=(True,False,True) "
                "squeeze_mask=(False,True,False) -> float32[2x4]"
            )
        ],
    ),
    "the last position is a slice": (
        "g (float[2,5,4] x) => (float[2,4] y) <int64 i = {-1}> { y = Gather <axis = 1> (x, i) }",
        [
            (
                "slice_by_index x:2x5x4 begin=(0,-1,0) end=(0,0,0) end_mask=(True,True,True) "
                "squeeze_mask=(False,True,False) -> float32[2x4]"
            )
        ],
    ),
    "one size of a shape stays a gather": (
        "g (float[N,5] x) => (int64 y) <int64 i = {0}> { s = Shape (x) y = Gather (s, i) }",
        ["shape x:Nx5 -> int32[2]", "gather x:2 indices:scalar axis=0 -> int32[scalar]"],
    ),
    "of booleans": (
        "g (bool[9,4] x, int64[3] i) => (bool[3,4] y) { y = Gather (x, i) }",
        [
            "cast x:9x4 dtype=fp16 -> float16[9x4]",
            "gather x:9x4 indices:3 axis=0 -> float16[3x4]",
            "cast x:3x4 dtype=bool -> bool[3x4]",
        ],
    ),
    "elements": (
        "g (float[2,9] x, int64[2,3] i) => (float[2,3] y) { y = GatherElements <axis = -1> (x, i) }",
        ["gather_along_axis x:2x9 indices:2x3 axis=1 -> float32[2x3]"],
    ),
    "nd": (
        "g (float[2,9] x, int64[3,2] i) => (float[3] y) { y = GatherND (x, i) }",
        ["gather_nd x:2x9 indices:3x2 -> float32[3]"],
    ),
    "nd in batches": (
        "g (float[2,9] x, int64[2,1] i) => (float[2] y) { y = GatherND <batch_dims = 1> (x, i) }",
        ["gather_nd x:2x9 indices:2x1 batch_dims=1 -> float32[2]"],
    ),
    "scatter elements": (
        (
            "g (float[2,9] x, int64[2,3] i, float[2,3] u) => (float[2,9] y) { y = ScatterElements <axis = 1, "
            'reduction = "add"> (x, i, u) }'
        ),
        ["scatter_along_axis data:2x9 indices:2x3 updates:2x3 axis=1 mode=add -> float32[2x9]"],
    ),
    "scatter nd": (
        "g (float[2,9] x, int64[3,2] i, float[3] u) => (float[2,9] y) { y = ScatterND (x, i, u) }",
        ["scatter_nd data:2x9 indices:3x2 updates:3 mode=update -> float32[2x9]"],
    ),
    "compress": (
        "g (float[3,4] x, bool[4] c) => (float[3,N] y) { y = Compress <axis = 1> (x, c) }",
        [
            "non_zero x:4 -> int32[?x1]",
            "squeeze x:?x1 axes=(1,) -> int32[?]",
            "gather x:3x4 indices:? axis=1 -> float32[3x?]",
        ],
    ),
    "compress of all elements": (
        "g (float[3,4] x, bool[9] c) => (float[N] y) { y = Compress (x, c) }",
        [
            "reshape x:3x4 shape=(-1,) -> float32[12]",
            "non_zero x:9 -> int32[?x1]",
            "squeeze x:?x1 axes=(1,) -> int32[?]",
            "gather x:12 indices:? axis=0 -> float32[?]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
