"""Tensors made from shapes and positions."""

import pytest

CASES = {
    "part of a shape": (
        "g (float[N,M,4] x) => (int64[2] y) { y = Shape <start = 0, end = 2> (x) }",
        ["shape x:NxMx4 -> int32[3]", "slice_by_index x:3 begin=(0,) end=(2,) end_mask=(False,) -> int32[2]"],
    ),
    "size": (
        "g (float[N,M] x) => (int64 y) { y = Size (x) }",
        ["shape x:NxM -> int32[2]", "reduce_prod x:2 axes=(0,) keep_dims=False -> int32[scalar]"],
    ),
    "zeros of a computed shape": (
        "g (int64[2] s) => (float[A,B] y) { y = ConstantOfShape (s) }",
        ["fill shape:2 value=0.0 -> float32[?x?]"],
    ),
    "bytes of a computed shape": (
        "g (int64[2] s) => (uint8[A,B] y) { y = ConstantOfShape <value = uint8[1] {1}> (s) }",
        ["fill shape:2 value=1 -> int32[?x?]", "cast x:?x? dtype=uint8 -> uint8[?x?]"],
    ),
    "range": (
        "g (int64 n) => (int64[A] y) <int64 z = {0}, int64 o = {1}> { y = Range (z, n, o) }",
        ["range_1d end:scalar start:scalar step:scalar -> int32[?]"],
    ),
    "one hot": (
        "g (int64[5] i) => (float[5,9] y) <int64 d = {9}, float[2] v = {0,1}> { y = OneHot (i, d, v) }",
        ["one_hot indices:5 axis=-1 off_value=0.0 on_value=1.0 one_hot_vector_size=9 -> float32[5x9]"],
    ),
    "one hot of a computed depth": (
        "g (int64[5] i, int64 d) => (float[5,D] y) <float[2] v = {0,1}> { y = OneHot (i, d, v) }",
        ["one_hot indices:5 one_hot_vector_size:scalar axis=-1 off_value=0.0 on_value=1.0 -> float32[5x?]"],
    ),
    "non zero": (
        "g (float[2,9] x) => (int64[2,N] y) { y = NonZero (x) }",
        ["non_zero x:2x9 -> int32[?x2]", "transpose x:?x2 perm=(1,0) -> int32[2x?]"],
    ),
    "torch's nonzero": (
        "g (float[2,9] x) => (int64[N,2] y) { n = NonZero (x) y = Transpose (n) }",
        ["non_zero x:2x9 -> int32[?x2]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
