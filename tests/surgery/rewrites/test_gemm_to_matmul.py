import numpy as np
import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """g (float[%s] x, float[%s] w, float[%s] b) => (float[?,?] y) {
    y = Gemm<%s>(x, w, b)
}"""


@pytest.mark.parametrize("shape", ["3,6", "N,6", "1,6"])
@pytest.mark.parametrize("bias", ["4", "1", "1,4"])
def test_a_gemm_is_a_product_and_a_sum(shape: str, bias: str) -> None:
    made = fires("gemm-to-matmul", model(TEXT % (shape, "6,4", bias, "alpha=1.0"), ["w", "b"]))
    assert types(made) == ["MatMul", "Add"]


@pytest.mark.parametrize(
    ("weights", "wanted"),
    [
        (["w", "b"], ["MatMul", "Add"]),
        (["b"], ["Transpose", "MatMul", "Mul", "Add"]),
        (["w"], ["MatMul", "Mul", "Add"]),
        ([], ["Transpose", "MatMul", "Mul", "Mul", "Add"]),
    ],
)
def test_factors_and_turns_go_into_constants(weights: list[str], wanted: list[str]) -> None:
    text = TEXT % ("3,6", "4,6", "4", "alpha=0.5, beta=1.5, transB=1")
    assert types(fires("gemm-to-matmul", model(text, weights))) == wanted


def test_a_turned_input() -> None:
    made = fires("gemm-to-matmul", model(TEXT % ("6,N", "6,4", "4", "transA=1"), ["w", "b"]))
    assert types(made) == ["Transpose", "MatMul", "Add"]


def test_a_bias_times_nothing_is_none() -> None:
    assert types(fires("gemm-to-matmul", model(TEXT % ("3,6", "6,4", "4", "beta=0.0"), ["w", "b"]))) == ["MatMul"]


def test_no_bias() -> None:
    text = "g (float[3,6] x, float[4,6] w) => (float[3,4] y) { y = Gemm<transB=1>(x, w) }"
    assert types(fires("gemm-to-matmul", model(text, ["w"]))) == ["MatMul"]


def test_float16() -> None:
    text = (TEXT % ("3,6", "4,6", "4", "alpha=0.5, transB=1")).replace("float[", "float16[")
    assert types(fires("gemm-to-matmul", model(text, []), tolerance=2e-3)) == ["Transpose", "MatMul", "Mul", "Add"]


def test_integers_stay() -> None:
    text = (TEXT % ("3,6", "6,4", "4", "beta=2.0")).replace("float[", "int32[")
    source = model(text, constants={"w": np.ones((6, 4)), "b": np.ones(4)})
    assert "floating-point" in refuses("gemm-to-matmul", source)


RESHAPED = """g (float[2,S,6] x, float[4,6] w, float[%s] b, int64[2] flat, int64[%d] full) => (float[%s] y) {
    f = Reshape(x, flat)
    h = Gemm<transB=1, alpha=0.5>(f, w, b)
    y = Reshape(h, full)
}"""


@pytest.mark.parametrize("bias", ["4", "1", "1,4"])
def test_reshapes_around_it_go(bias: str) -> None:
    text = (RESHAPED % (bias, 3, "2,3,4")).replace("S", "3")
    source = model(text, ["w", "b"], constants={"flat": [-1, 6], "full": [2, 3, 4]})
    assert types(fires("gemm-to-matmul", source)) == ["MatMul", "Add"]


def test_other_reshapes_stay() -> None:
    source = model(
        (RESHAPED % ("4", 3, "3,2,4")).replace("S", "3"), ["w", "b"], constants={"flat": [-1, 6], "full": [3, 2, 4]}
    )
    assert types(fires("gemm-to-matmul", source)) == ["Reshape", "MatMul", "Add", "Reshape"]
    source = model(
        (RESHAPED % ("6,4", 3, "2,3,4")).replace("S", "3"), ["w", "b"], constants={"flat": [-1, 6], "full": [2, 3, 4]}
    )
    assert types(fires("gemm-to-matmul", source)) == ["Reshape", "MatMul", "Add", "Reshape"]
