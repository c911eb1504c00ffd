import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, types

ID = "conv-after-affine"
TEXT = """g (float[N,3,11,9] x, float[6,3,3,3] w, float[6] b, float[{shape}] m) => (float[N,6,?,?] y) {{
    n = {op}
    y = Conv{pads}(n, w{bias})
}}"""
PADS = "<pads=[1,1,1,1]>"


def given(op: str, shape: str = "3,1,1", pads: str = "", bias: str = "") -> str:
    return TEXT.format(shape=shape, op=op, pads=pads, bias=bias).replace("float[]", "float")


@pytest.mark.parametrize("op", ["Mul(x, m)", "Mul(m, x)", "Div(x, m)"])
@pytest.mark.parametrize("shape", ["3,1,1", "1,3,1,1", "", "1"])
def test_a_factor_goes_into_any_convolution(op: str, shape: str) -> None:
    made = fires(ID, model(given(op, shape, PADS), ["w", "b"], ["m"]))
    assert types(made) == ["Conv"]
    assert len(made.graph.node[0].input) == 2


@pytest.mark.parametrize("op", ["Add(x, m)", "Add(m, x)", "Sub(x, m)", "Sub(m, x)"])
@pytest.mark.parametrize("bias", ["", ", b"])
def test_a_shift_goes_into_one_that_does_not_pad(op: str, bias: str) -> None:
    made = fires(ID, model(given(op, bias=bias), ["w", "b", "m"]))
    assert types(made) == ["Conv"]
    assert "pads with zeros" in refuses(ID, model(given(op, pads=PADS, bias=bias), ["w", "b", "m"]))


def test_the_normalisation_of_an_image() -> None:
    text = """g (uint8[N,3,32,32] image, float[8,3,4,4] w, float[3,1,1] mean, float[3,1,1] deviation)
        => (float[N,8,?,?] y) {
        x = Cast<to=1>(image)
        k = Constant<value_float=255.0>()
        a = Div(x, k)
        b = Sub(a, mean)
        n = Div(b, deviation)
        y = Conv<strides=[4,4]>(n, w)
    }"""
    made = fires(ID, model(text, ["w", "mean"], ["deviation"]), sites=3)
    assert types(made) == ["Cast", "Conv"]


def test_one_number_for_channels_whose_count_is_open() -> None:
    text = given("Mul(x, m)", "1").replace("float[N,3,11,9] x", "float[N,C,11,9] x")
    source = model(text, ["w", "m"])
    draft = Draft.open(source)
    assert len(sweep(draft, [rewrite(ID)], Ledger(proving=False)).sites) == 1


def test_groups() -> None:
    text = """g (float[1,4,8,8] x, float[8,2,3,3] w, float[1,4,1,1] m) => (float[1,8,6,6] y) {
        n = Add(x, m) y = Conv<group=2>(n, w) }"""
    assert types(fires(ID, model(text, ["w", "m"]))) == ["Conv"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (given("Mul(x, m)", "9"), "not one number a channel"),
        (given("Mul(x, m)").replace("float[N,3,11,9] x", "float[N,1,11,9] x"), "not known to have 3 channels"),
        (given("Mul(x, m)").replace("y = Conv", "z = Relu(n) y = Conv"), "reads the scaled tensor"),
        (given("Div(m, x)"), ""),
        (given("Mul(x, x)"), ""),
        (given("Relu(x)"), ""),
    ],
)
def test_what_stays(text: str, why: str) -> None:
    found = refuses(ID, model(text, ["w", "b", "m"]))
    assert why in found if why else found == ""


def test_the_end_of_a_gelu_stays() -> None:
    text = """g (float[1,4,8,8] x, float[6,4,1,1] w) => (float[1,6,8,8] y) {
        two = Constant<value_float=1.4142135>() one = Constant<value_float=1.0>() half = Constant<value_float=0.5>()
        a = Div(x, two) e = Erf(a) f = Add(e, one) g = Mul(x, f) h = Mul(g, half)
        y = Conv(h, w)
    }"""
    assert refuses(ID, model(text, ["w"])) == ""
