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
    "Bernoulli": (
        "15: g (float[4] x) => (float[4] y) { y = Bernoulli (x) }",
        [
            "random_uniform shape=(4,) low=0.0 high=1.0 -> float32[4]",
            "less x:4 y:4 -> bool[4]",
            "cast x:4 dtype=fp32 -> float32[4]",
        ],
    ),
    "multinomial": (
        "g (float[2,5] x) => (int32[2,3] y) { y = Multinomial <sample_size = 3> (x) }",
        ["random_categorical x:2x5 mode=logits size=3 -> float32[2x3]", "cast x:2x3 dtype=int32 -> int32[2x3]"],
    ),
    "Bernoulli of a free axis has no lowering": (
        "15: g (float[N] x) => (float[N] y) { y = Bernoulli (x) }",
        ["onnx.Bernoulli input:N -> float32[N]"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected
