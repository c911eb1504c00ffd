import pytest

from tests.surgery.harness import fires, model, refuses, types

PARTS = ["Relu", "Sub", "Mul", "Add"]


@pytest.mark.parametrize(
    ("shape", "slope"), [("2,3,4,5", "3,1,1"), ("N,7,33", "33"), ("N,7,33", "1,7,1"), ("4", "1"), ("N,M", "")]
)
def test_a_slope_of_any_shape(shape: str, slope: str) -> None:
    declared = f"float[{slope}]" if slope else "float"
    source = model(f"g (float[{shape}] x, {declared} s) => (float[{shape}] y) {{ y = PRelu(x, s) }}", ["s"])
    assert types(fires("prelu-to-relu", source)) == PARTS


def test_a_slope_the_model_computes() -> None:
    source = model("g (float[N,3,8] x, float[3,1] s) => (float[N,3,8] y) { t = Tanh(s) y = PRelu(x, t) }")
    assert types(fires("prelu-to-relu", source)) == ["Tanh", *PARTS]


def test_half_precision() -> None:
    source = model("g (float16[N,3] x, float16[3] s) => (float16[N,3] y) { y = PRelu(x, s) }", ["s"])
    assert types(fires("prelu-to-relu", source, tolerance=2e-3)) == PARTS


def test_integers_stay() -> None:
    assert "int32" in refuses(
        "prelu-to-relu", model("g (int32[4] x, int32[4] s) => (int32[4] y) { y = PRelu(x, s) }", ["s"])
    )


def test_before_opset_7_sizes_stretched_otherwise() -> None:
    head = '<ir_version: 4, opset_import: ["" : 6]> '
    source = model(head + "g (float[2,3] x, float[3] s) => (float[2,3] y) { y = PRelu(x, s) }", ["s"])
    assert "opset is 6" in refuses("prelu-to-relu", source)
