import pytest

from tests.surgery.harness import fires, model, refuses, types

GEMM = """g (float[%s] x, float[4,6] w, float[4] b, float[%s] s) => (float[?,4] y) {
    h = Gemm<transB=1, alpha=0.5, beta=2.0>(x, w, b)
    y = %s
}"""
MATMUL = """g (float[%s] x, float[6,4] w, float[4] b, float[%s] s) => (float[%s] y) {
    p = MatMul(x, w)
    h = Add(p, b)
    y = %s
}"""


def unknown(shape: str) -> str:
    return ",".join("?" for _ in shape.split(","))


OPS = ["Mul(h, s)", "Mul(s, h)", "Div(h, s)", "Add(h, s)", "Add(s, h)", "Sub(h, s)", "Sub(s, h)"]


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("scale", ["4", "1", "1,4"])
def test_into_a_gemm(op: str, scale: str) -> None:
    made = fires("affine-into-linear", model(GEMM % ("N,6", scale, op), ["w", "b"], ["s"]))
    assert types(made) == ["Gemm"]


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("shape", ["3,6", "2,N,6", "1,2,3,6"])
def test_into_a_product_and_its_bias(op: str, shape: str) -> None:
    made = fires("affine-into-linear", model(MATMUL % (shape, "4", unknown(shape), op), ["w", "b"], ["s"]))
    assert types(made) == ["MatMul", "Add"]


def test_into_a_product_without_a_bias() -> None:
    text = "g (float[2,N,6] x, float[6,4] w, float[4] s) => (float[2,N,4] y) { h = MatMul(x, w) y = Mul(h, s) }"
    assert types(fires("affine-into-linear", model(text, ["w"], ["s"]))) == ["MatMul"]


def test_a_gemm_without_a_bias_gets_one() -> None:
    text = "g (float[N,6] x, float[6,4] w, float[4] s) => (float[N,4] y) { h = Gemm(x, w) y = Add(h, s) }"
    assert types(fires("affine-into-linear", model(text, ["w", "s"]))) == ["Gemm"]


def test_several_in_a_row() -> None:
    text = (MATMUL % ("2,3,6", "4", "2,3,4", "Mul(i, s)")).replace("h = Add(p, b)", "h = Add(p, b) i = Div(h, s)")
    assert types(fires("affine-into-linear", model(text, ["w", "b"], ["s"]), sites=2)) == ["MatMul", "Add"]


def test_float16() -> None:
    text = (GEMM % ("3,6", "4", "Mul(h, s)")).replace("float[", "float16[")
    assert types(fires("affine-into-linear", model(text, ["w", "b"], ["s"]), tolerance=5e-3)) == ["Gemm"]


@pytest.mark.parametrize(
    ("scale", "op", "why"),
    [
        ("3,1", "Mul(h, s)", "one a channel"),
        ("1,1,4", "Mul(h, s)", "one a channel"),
        ("4", "Div(s, h)", "not linear"),
    ],
)
def test_other_constants_stay(scale: str, op: str, why: str) -> None:
    text = (GEMM % ("3,6", scale, op)).replace(
        "=> (float[?,4] y)", f"=> (float[{unknown(max(scale, '0,0', key=len))}] y)"
    )
    assert why in refuses("affine-into-linear", model(text, ["w", "b"], ["s"]))


def test_a_result_others_read_stays() -> None:
    text = (GEMM % ("3,6", "4", "Mul(h, s)")).replace("=> (", "=> (float[?,?] h, ")
    assert "reads the layer's result" in refuses("affine-into-linear", model(text, ["w", "b"], ["s"]))


def test_large_shared_weights_stay() -> None:
    text = """g (float[3,%d] x, float[%d,80] w, float[80] s) => (float[3,80] y, float[3,80] z) {
        z = MatMul(x, w)
        h = MatMul(x, w)
        y = Mul(h, s)
    }"""
    source = model(text % (80, 80), ["w"], ["s"])
    assert "other ops read the weights" in refuses("affine-into-linear", source)
    assert types(fires("affine-into-linear", model(text % (6, 6), ["w"], ["s"]))) == ["MatMul", "MatMul"]


def test_a_computed_factor_is_no_business() -> None:
    assert refuses("affine-into-linear", model(GEMM % ("3,6", "4", "Mul(h, s)"), ["w", "b"])) == ""


def test_the_scale_inside_a_gelu_is_no_business() -> None:
    text = """g (float[N,6] x, float[6,4] w, float r) => (float[N,4] y) {
        h = MatMul(x, w)
        d = Div(h, r)
        e = Erf(d)
        y = Mul(h, e)
    }"""
    assert refuses("affine-into-linear", model(text, ["w"], constants={"r": 1.4142})) == ""
    assert refuses("scale-into-weights", model(text, ["w"], constants={"r": 1.4142})) == ""
