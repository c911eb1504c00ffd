import pytest
from onnx import ModelProto

from tests.surgery.harness import fires, model, refuses, types

C = {
    "half": 0.5,
    "one": 1.0,
    "root": 2**0.5,
    "inverse": 2**-0.5,
    "three": 3.0,
    "slope": 0.7978845608,
    "cubic": 0.044715,
}
DECLARED = ", ".join(f"float {name}" for name in C)


HEAD = '<ir_version: 10, opset_import: ["" : %d]>'


def gelu(body: str, opset: int = 20, shape: str = "N,7,33") -> ModelProto:
    return model(f"{HEAD % opset} g (float[{shape}] x, {DECLARED}) => (float[{shape}] y) {{ {body} }}", constants=C)


EXPORTED = "d = Div(x, root) e = Erf(d) p = Add(e, one) m = Mul(x, p) y = Mul(m, half)"
BY_ERF = {
    "pytorch": EXPORTED,
    "half first": "h = Mul(half, x) d = Mul(x, inverse) e = Erf(d) p = Add(one, e) y = Mul(h, p)",
    "half in the gate": "d = Div(x, root) e = Erf(d) p = Add(e, one) q = Mul(p, half) y = Mul(q, x)",
    "half on both sides": "d = Mul(inverse, x) e = Erf(d) f = Mul(e, half) p = Add(f, half) y = Mul(x, p)",
}
BY_TANH = {
    "pow": "c = Pow(x, three) s = Mul(c, cubic) u = Add(x, s) v = Mul(u, slope) t = Tanh(v) p = Add(t, one) "
    "h = Mul(x, half) y = Mul(h, p)",
    "products": "a = Mul(x, x) c = Mul(a, x) s = Mul(cubic, c) u = Add(s, x) v = Mul(slope, u) t = Tanh(v) "
    "p = Add(one, t) m = Mul(p, x) y = Mul(m, half)",
    "factored": "a = Mul(x, x) s = Mul(cubic, a) u = Add(s, one) k = Mul(slope, x) v = Mul(k, u) t = Tanh(v) "
    "p = Add(one, t) m = Mul(half, p) y = Mul(x, m)",
}


@pytest.mark.parametrize("body", BY_ERF.values(), ids=BY_ERF)
def test_every_spelling_with_erf(body: str) -> None:
    made = fires("fuse-gelu", gelu(body))
    assert types(made) == ["Gelu"]
    assert made.graph.node[0].attribute[0].s == b"none"


@pytest.mark.parametrize("body", BY_TANH.values(), ids=BY_TANH)
def test_every_spelling_with_tanh(body: str) -> None:
    made = fires("fuse-gelu", gelu(body))
    assert types(made) == ["Gelu"]
    assert made.graph.node[0].attribute[0].s == b"tanh"


def test_a_product_before_it_stays() -> None:
    body = "w = Mul(x, three) " + EXPORTED.replace("x", "w")
    assert types(fires("fuse-gelu", gelu(body))) == ["Mul", "Gelu"]


@pytest.mark.parametrize("shape", ["4", "2,3,4,5", "N,M"])
def test_at_other_shapes(shape: str) -> None:
    assert types(fires("fuse-gelu", gelu(EXPORTED, shape=shape))) == ["Gelu"]


def test_before_opset_20_there_is_no_gelu() -> None:
    assert refuses("fuse-gelu", gelu(EXPORTED, opset=17)) == "the model's opset is 17, Gelu came with 20"


def test_rounded_constants_are_told() -> None:
    body = EXPORTED.replace("root", "rounded")
    text = f"{HEAD % 20} g (float[4] x, float rounded, {DECLARED}) => (float[4] y) {{ {body} }}"
    assert "rounded" in refuses("fuse-gelu", model(text, constants={**C, "rounded": 1.414}))


@pytest.mark.parametrize(
    "body",
    [
        EXPORTED.replace("Add(e, one)", "Sub(e, one)"),
        EXPORTED.replace("root", "half"),
        EXPORTED.replace("Erf", "Tanh"),
        EXPORTED.replace("Mul(x, p)", "Mul(e, p)"),
    ],
)
def test_other_products_are_not_its_business(body: str) -> None:
    assert refuses("fuse-gelu", gelu(body)) == ""


def test_a_value_others_read_stays() -> None:
    text = f"{HEAD % 20} g (float[4] x, {DECLARED}) => (float[4] y, float[4] p) {{ {EXPORTED} }}"
    assert refuses("fuse-gelu", model(text, constants=C)) == ""


def test_a_constant_of_higher_rank_is_told() -> None:
    body = EXPORTED.replace("m, half", "m, wide")
    text = f"{HEAD % 20} g (float[4] x, float[1,1] wide, {DECLARED}) => (float[1,4] y) {{ {body} }}"
    assert "more axes" in refuses("fuse-gelu", model(text, constants={**C, "wide": [[0.5]]}))
