"""Random tensors."""

import pytest

CASES = {
    "normal like": (
        "g (float[2,9] x) => (float[2,9] y) { y = RandomNormalLike (x) }",
        ["random_normal shape=(2,9) mean=0.0 stddev=1.0 -> float32[2x9]"],
    ),
    "uniform like a free axis": (
        "g (float[N,9] x) => (float[N,9] y) { y = RandomUniformLike <low = -1.0> (x) }",
        ["shape x:Nx9 -> int32[2]", "random_uniform shape:2 low=-1.0 high=1.0 -> float32[Nx9]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
