"""Random tensors."""

import pytest

CASES = {
    "normal": (
        "g () => (float[2,3] y) { y = RandomNormal <shape = [2, 3], scale = 2.0, mean = 1.0> () }",
        [
            "RANDOM_STANDARD_NORMAL shape:(2,3) seed=0 seed2=0 -> float32[2x3]",
            "MUL lhs:2x3 rhs:2 -> float32[2x3]",
            "ADD lhs:2x3 rhs:1 -> float32[2x3]",
        ],
    ),
    "uniform like": (
        "g (float[N,3] x) => (float[N,3] y) { y = RandomUniformLike <low = -1.0> (x) }",
        [
            "SHAPE input:Nx3 out_type=INT32 -> int32[2]",
            "RANDOM_UNIFORM shape:2 seed=0 seed2=0 -> float32[Nx3]",
            "MUL lhs:Nx3 rhs:2 -> float32[Nx3]",
            "ADD lhs:Nx3 rhs:-1 -> float32[Nx3]",
        ],
    ),
    "bernoulli": (
        "g (float[2,3] x) => (float[2,3] y) { y = Bernoulli (x) }",
        [
            "RANDOM_UNIFORM shape:(2,3) seed=0 seed2=0 -> float32[2x3]",
            "LESS lhs:2x3 rhs:2x3 -> bool[2x3]",
            "CAST input:2x3 in_data_type=BOOL out_data_type=FLOAT32 -> float32[2x3]",
        ],
    ),
    "multinomial": (
        "g (float[2,3] x) => (int32[2,5] y) { y = Multinomial <sample_size = 5> (x) }",
        [
            "MULTINOMIAL logits:2x3 num_samples:5 seed=0 seed2=0 -> int32[2x5]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
