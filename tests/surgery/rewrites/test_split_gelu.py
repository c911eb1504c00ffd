import pytest

from tests.surgery.harness import fires, model, refuses, types
from tests.surgery.rewrites.test_fuse_gelu import BY_ERF, BY_TANH, gelu

SIGMOID = ["Mul", "Mul", "Add", "Mul", "Sigmoid", "Mul"]
MS = '<ir_version: 10, opset_import: ["" : 17, "com.microsoft" : 1]>'


@pytest.mark.parametrize("shape", ["4", "2,3,4,5", "N,7,33"])
def test_gelu_becomes_its_definition(shape: str) -> None:
    made = fires("split-gelu", gelu("y = Gelu(x)", shape=shape))
    assert types(made) == ["Div", "Erf", "Add", "Mul", "Mul"]


def test_gelu_by_tanh_becomes_a_sigmoid() -> None:
    assert types(fires("split-gelu", gelu('y = Gelu<approximate = "tanh">(x)'))) == SIGMOID


@pytest.mark.parametrize("body", BY_TANH.values(), ids=BY_TANH)
def test_so_does_its_formula_at_any_opset(body: str) -> None:
    assert types(fires("split-gelu", gelu(body, opset=13))) == SIGMOID


def test_its_formula_by_erf_is_split_already() -> None:
    assert refuses("split-gelu", gelu(BY_ERF["pytorch"])) == ""


@pytest.mark.parametrize(
    ("op", "made"),
    [
        ("com.microsoft.Gelu(x)", ["Div", "Erf", "Add", "Mul", "Mul"]),
        ("com.microsoft.BiasGelu(x, b)", ["Add", "Div", "Erf", "Add", "Mul", "Mul"]),
        ("com.microsoft.FastGelu(x)", SIGMOID),
        ("com.microsoft.FastGelu(x, b)", ["Add", *SIGMOID]),
    ],
)
def test_those_of_onnxruntime(op: str, made: list[str]) -> None:
    source = model(f"{MS} g (float[N,8] x, float[8] b) => (float[N,8] y) {{ y = {op} }}", ["b"])
    assert types(fires("split-gelu", source)) == made


def test_half_precision() -> None:
    text = '<ir_version: 10, opset_import: ["" : 20]> g (float16[N,8] x) => (float16[N,8] y) { y = Gelu(x) }'
    fires("split-gelu", model(text), tolerance=2e-3)
    fires("split-gelu", model(text.replace("Gelu(x)", 'Gelu<approximate = "tanh">(x)')), tolerance=2e-3)
