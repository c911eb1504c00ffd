import pytest
from onnx import ModelProto

from tests.surgery.harness import fires, model, refuses, types

C = {"zero": 0.0, "one": 1.0, "three": 3.0, "six": 6.0, "sixth": 1 / 6, "half": 0.5, "four": 4.0}
DECLARED = ", ".join(f"float {name}" for name in C)
SPELLINGS = {
    "hard sigmoid": "s = HardSigmoid<alpha = 0.16666667, beta = 0.5>(x) y = Mul(x, s)",
    "hard sigmoid first": "s = HardSigmoid<alpha = 0.16666667>(x) y = Mul(s, x)",
    "divided last": "a = Add(x, three) c = Clip(a, zero, six) m = Mul(x, c) y = Div(m, six)",
    "divided gate": "a = Add(three, x) c = Clip(a, zero, six) d = Div(c, six) y = Mul(d, x)",
    "divided input": "a = Add(x, three) c = Clip(a, zero, six) d = Div(x, six) y = Mul(d, c)",
    "multiplied": "a = Add(x, three) c = Clip(a, zero, six) m = Mul(c, x) y = Mul(sixth, m)",
    "scaled before": "a = Mul(x, sixth) b = Add(a, half) c = Clip(b, zero, one) y = Mul(x, c)",
}


def swish(body: str, opset: int = 17, shape: str = "N,7,33") -> ModelProto:
    head = f'<ir_version: 8, opset_import: ["" : {opset}]>'
    return model(f"{head} g (float[{shape}] x, {DECLARED}) => (float[{shape}] y) {{ {body} }}", constants=C)


@pytest.mark.parametrize("body", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling(body: str) -> None:
    assert types(fires("fuse-hardswish", swish(body))) == ["HardSwish"]


@pytest.mark.parametrize("shape", ["4", "2,3,4,5", "N,M"])
def test_at_other_shapes(shape: str) -> None:
    assert types(fires("fuse-hardswish", swish(SPELLINGS["divided last"], shape=shape))) == ["HardSwish"]


@pytest.mark.parametrize(
    ("body", "opset", "why"),
    [
        (SPELLINGS["divided last"], 13, "the model's opset is 13, HardSwish came with 14"),
        ("s = HardSigmoid(x) y = Mul(x, s)", 17, "its gate is 0.2 x + 0.5, not x / 6 + 1/2"),
        (SPELLINGS["divided last"].replace("x, three", "x, four"), 17, "0.166667 x + 0.666667"),
    ],
)
def test_other_gates_stay(body: str, opset: int, why: str) -> None:
    assert why in refuses("fuse-hardswish", swish(body, opset))


@pytest.mark.parametrize(
    "body",
    [
        "s = HardSigmoid(x) y = Mul(six, s)",
        "s = HardSigmoid(x) r = Relu(x) y = Mul(r, s)",
        SPELLINGS["divided last"].replace("zero, six", "zero, four"),
    ],
)
def test_other_products_are_not_its_business(body: str) -> None:
    assert refuses("fuse-hardswish", swish(body)) == ""


def test_a_gate_others_read_stays() -> None:
    text = "g (float[4] x) => (float[4] y, float[4] s) { s = HardSigmoid<alpha = 0.16666667>(x) y = Mul(x, s) }"
    assert refuses("fuse-hardswish", model(text)) == ""
