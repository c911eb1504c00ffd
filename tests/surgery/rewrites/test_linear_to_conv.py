from pathlib import Path

import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, types

HEAD = '<ir_version: 8, opset_import: ["" : %d]> '
LAYER = "g (float[%s] x, float[6,4] w, float[%s] b) => (float[%s] y) { h = MatMul(x, w) y = Add(%s) }"
MLP = """g (float[%s] x, float[6,8] v, float[8] a, float[8,4] w, float[4] b, float[8] s, float half, float one)
=> (float[%s] y) {
    p = MatMul(x, v)
    h = Add(a, p)
    %s
    q = MatMul(i, w)
    y = Add(q, b)
}"""
WEIGHTS = ["v", "a", "w", "b", "s"]
NUMBERS = {"half": 0.5, "one": 1}


@pytest.mark.parametrize("order", ["h, b", "b, h"])
@pytest.mark.parametrize("bias", ["4", "1", "1,1,4"])
@pytest.mark.parametrize("shape", ["2,5,6", "B,S,6", "1,1,6"])
def test_a_layer_of_three_axes(shape: str, bias: str, order: str) -> None:
    made = fires("linear-to-conv", model(LAYER % (shape, bias, shape[:-1] + "4", order), ["w", "b"]))
    assert types(made) == ["Unsqueeze", "Transpose", "Conv", "Transpose", "Squeeze"]


@pytest.mark.parametrize("opset", [7, 11, 12, 13, 17])
def test_every_opset(opset: int) -> None:
    text = HEAD % opset + LAYER % ("2,5,6", "4", "2,5,4", "h, b")
    assert types(fires("linear-to-conv", model(text, ["w", "b"])))[2] == "Conv"


def test_a_layer_of_four_axes() -> None:
    made = fires("linear-to-conv", model(LAYER % ("N,3,5,6", "4", "N,3,5,4", "h, b"), ["w", "b"]))
    assert types(made) == ["Transpose", "Conv", "Transpose"]


@pytest.mark.parametrize(
    ("between", "ops"),
    [
        ("i = Relu(h)", ["Relu"]),
        ("i = Clip(h, half, one)", ["Clip"]),
        ("m = Mul(h, s) i = Tanh(m)", ["Mul", "Tanh"]),
        ("g = Sigmoid(h) i = Mul(h, g)", ["Sigmoid", "Mul"]),
        (
            "d = Div(h, one) e = Erf(d) f = Add(e, one) k = Mul(h, f) i = Mul(k, half)",
            ["Div", "Erf", "Add", "Mul", "Mul"],
        ),
    ],
)
@pytest.mark.parametrize("shape", ["2,5,6", "B,S,6", "2,3,5,6"])
def test_a_chain_is_turned_once(between: str, ops: list[str], shape: str) -> None:
    made = fires("linear-to-conv", model(MLP % (shape, shape[:-1] + "4", between), WEIGHTS, constants=NUMBERS))
    found = types(made)
    assert found.count("Transpose") == 2
    assert found.count("Conv") == 2
    assert found.count("Unsqueeze") == (1 if shape.count(",") == 2 else 0)
    assert [t for t in found if t in ops] == ops


def test_layers_that_share_an_input_and_meet() -> None:
    text = """g (float[2,5,6] x, float[6,8] v, float[6,8] u, float[8,4] w) => (float[2,5,4] y) {
        a = MatMul(x, v)
        g = Sigmoid(a)
        b = MatMul(x, u)
        m = Mul(g, b)
        y = MatMul(m, w)
    }"""
    found = types(fires("linear-to-conv", model(text, ["u", "v", "w"])))
    assert found.count("Transpose") == 2
    assert found.count("Conv") == 3


def test_what_another_tensor_enters_is_turned_layer_by_layer() -> None:
    text = """g (float[2,5,6] x, float[2,5,8] r, float[6,8] v, float[8,4] w) => (float[2,5,4] y) {
        a = MatMul(x, v)
        m = Add(a, r)
        y = MatMul(m, w)
    }"""
    found = types(fires("linear-to-conv", model(text, ["v", "w"]), sites=2))
    assert found.count("Transpose") == 4
    assert found.count("Conv") == 2


def test_a_softmax_between_keeps_them_apart() -> None:
    text = MLP % ("2,5,6", "2,5,4", "i = Softmax(h)")
    found = types(fires("linear-to-conv", model(text, WEIGHTS, constants=NUMBERS), sites=2))
    assert found.count("Conv") == 2


def test_a_result_handed_out_is_still_made() -> None:
    text = (MLP % ("2,5,6", "2,5,4", "i = Relu(h)")).replace("=> (", "=> (float[2,5,8] h, ")
    found = types(fires("linear-to-conv", model(text, WEIGHTS, constants=NUMBERS), sites=2))
    assert found.count("Conv") == 2


def test_float16() -> None:
    text = (MLP % ("2,5,6", "2,5,4", "i = Relu(h)")).replace("float", "float16")
    assert types(fires("linear-to-conv", model(text, WEIGHTS, constants=NUMBERS), tolerance=1e-2)).count("Conv") == 2


def test_two_axes_are_no_business() -> None:
    assert refuses("linear-to-conv", model(LAYER % ("2,6", "4", "2,4", "h, b"), ["w", "b"])) == ""
    assert refuses("linear-to-conv", model(LAYER % ("2,3,6", "4", "2,3,4", "h, b"), ["b"])) == ""


def test_others_stay() -> None:
    source = model(LAYER % ("2,2,3,5,6", "4", "2,2,3,5,4", "h, b"), ["w", "b"])
    assert "more than four axes" in refuses("linear-to-conv", source)
    text = "g (float[2,5,80] x, float[80,80] w) => (float[2,5,80] y) { h = MatMul(x, w) y = MatMul(h, w) }"
    assert "read the weights" in refuses("linear-to-conv", model(text, ["w"]))


def test_a_real_model() -> None:
    draft = Draft.open(Path(__file__).parents[3] / "samples" / "magika_v3_3.onnx")
    assert len(sweep(draft, [rewrite("linear-to-conv")], Ledger()).sites) == 1
