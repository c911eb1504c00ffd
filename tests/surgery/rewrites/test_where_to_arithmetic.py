import numpy as np
import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """g (bool[%s] c, float[%s] x, float[%s] k) => (float[%s] y) {
    v = %s
    y = Where(c, v, k)
}"""
ALL = ["Cast", "Mul", "Sub", "Mul", "Add"]


@pytest.mark.parametrize("op", ["Sigmoid", "Tanh", "Softmax", "HardSigmoid", "Erf"])
@pytest.mark.parametrize(("c", "x", "k"), [("3,4", "3,4", "4"), ("N,1", "N,4", "1"), ("2,3,N", "2,3,N", "1")])
def test_bounded_values(op: str, c: str, x: str, k: str) -> None:
    out = ",".join("?" for _ in x.split(","))
    made = fires("where-to-arithmetic", model(TEXT % (c, x, k, out, f"{op}(x)"), ["k"]))
    assert sorted(types(made)) == sorted([op, *ALL])


def test_a_zero_leaves_its_product_out() -> None:
    source = model(TEXT % ("3,4", "3,4", "1", "3,4", "Sigmoid(x)"), constants={"k": [0.0]})
    assert types(fires("where-to-arithmetic", source)) == ["Sigmoid", "Cast", "Mul"]
    text = "g (bool[3,N] c, float a, float b) => (float[3,N] y) { y = Where(c, a, b) }"
    made = fires("where-to-arithmetic", model(text, constants={"a": 0.0, "b": -1e4}))
    assert types(made) == ["Cast", "Sub", "Mul"]
    made = fires("where-to-arithmetic", model(text, constants={"a": 0.0, "b": 0.0}))
    assert types(made) == ["Cast", "Sub", "Mul"]


def test_a_zero_that_widens_the_result_stays_in_it() -> None:
    source = model(TEXT % ("3,4", "3,4", "2,1,1", "2,3,4", "Sigmoid(x)"), constants={"k": np.zeros((2, 1, 1))})
    assert len(types(fires("where-to-arithmetic", source))) == 6
    source = model(TEXT % ("3,4", "3,4", "1,1,1", "1,3,4", "Sigmoid(x)"), constants={"k": np.zeros((1, 1, 1))})
    assert len(types(fires("where-to-arithmetic", source))) == 6


def test_clipped_and_moved_values() -> None:
    text = """g (bool[3,4] c, float[4,3] x, float lo, float hi, float[1] k) => (float[3,4] y) {
        u = Clip(x, lo, hi)
        v = Transpose(u)
        y = Where(c, k, v)
    }"""
    made = fires("where-to-arithmetic", model(text, ["k"], constants={"lo": 0, "hi": 6}))
    assert types(made) == ["Clip", "Transpose", *ALL]


def test_float16() -> None:
    text = (TEXT % ("3,4", "3,4", "4", "3,4", "Sigmoid(x)")).replace("float[", "float16[")
    assert len(types(fires("where-to-arithmetic", model(text, ["k"]), tolerance=2e-3))) == 6


@pytest.mark.parametrize(
    ("op", "k", "why"),
    [
        ("Relu(x)", 1.0, "v may be infinite"),
        ("Exp(x)", 1.0, "v may be infinite"),
        ("Sigmoid(x)", -np.inf, "a value is infinite"),
        ("Sigmoid(x)", np.nan, "a value is infinite"),
    ],
)
def test_values_that_may_be_infinite_stay(op: str, k: float, why: str) -> None:
    source = model(TEXT % ("3,4", "3,4", "1", "3,4", op), constants={"k": [k]})
    assert why in refuses("where-to-arithmetic", source)


def test_integers_are_no_business() -> None:
    text = "g (bool[3,4] c, int64[3,4] a, int64[3,4] b) => (int64[3,4] y) { y = Where(c, a, b) }"
    assert refuses("where-to-arithmetic", model(text, ["a", "b"])) == ""
