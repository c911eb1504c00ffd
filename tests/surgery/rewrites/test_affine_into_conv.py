import pytest

from tests.surgery.harness import fires, model, refuses, types

ID = "affine-into-conv"
TEXT = """g (float[N,4,H,9] x, float[6,4,3,3] w, float[6] b, float[{shape}] m{extra}) => (float[N,6,?,?] y) {{
    c = Conv<pads=[1,1,1,1]>(x, w, b)
    y = {end}
}}"""


def given(shape: str = "6,1,1", end: str = "Mul(c, m)", extra: str = "") -> str:
    return TEXT.format(shape=shape, end=end, extra=extra).replace("float[]", "float")


@pytest.mark.parametrize(
    "end", ["Mul(c, m)", "Mul(m, c)", "Div(c, m)", "Add(c, m)", "Add(m, c)", "Sub(c, m)", "Sub(m, c)"]
)
@pytest.mark.parametrize("shape", ["6,1,1", "1,6,1,1", "", "1", "1,1,1,1"])
def test_a_number_a_channel_goes_into_the_weights(end: str, shape: str) -> None:
    source = model(given(shape, end), ["w", "b"], ["m"])
    assert types(fires(ID, source)) == ["Conv"]


@pytest.mark.parametrize("end", ["Mul(c, m)", "Add(c, m)", "Sub(m, c)"])
def test_without_bias(end: str) -> None:
    made = fires(ID, model(given(end=end).replace(", b)", ")"), ["w", "b", "m"]))
    assert len(made.graph.node[0].input) == (2 if "Mul" in end else 3)


@pytest.mark.parametrize("group", [1, 2])
def test_transposed_convolutions_and_chains(group: int) -> None:
    text = f"""g (float[N,4,H,5] x, float[4,{6 // group},2,2] w, float[6,1,1] m, float[1,6,1,1] a)
        => (float[N,6,?,?] y) {{
        c = ConvTranspose<group={group}, strides=[2,2]>(x, w)
        d = Mul(c, m)
        y = Add(a, d)
    }}"""
    assert types(fires(ID, model(text, ["w", "m", "a"]), sites=2)) == ["ConvTranspose"]


def test_one_axis_in_half_precision() -> None:
    text = """<ir_version: 8, opset_import: ["" : 17]> g (float16[1,4,32] x, float16[6,4,3] w, float16[6,1] m)
        => (float16[1,6,30] y) { c = Conv(x, w) y = Mul(c, m) }"""
    fires(ID, model(text, ["w", "m"]), tolerance=5e-3)


@pytest.mark.parametrize(
    ("shape", "end", "why"),
    [
        ("9", "Mul(c, m)", "not one number a channel"),
        ("1,1,9", "Mul(c, m)", "not one number a channel"),
        ("1,1,6,1,1", "Mul(c, m)", "not one number a channel"),
        ("2,1,1,1", "Mul(c, m)", "not one number a channel"),
        ("6,1,1", "Mul(c, m) z = Relu(c)", "reads the convolution's result"),
        ("6,1,1", "Div(m, c)", ""),
        ("6,1,1", "Mul(c, t)", ""),
        ("6,1,1", "Mul(m, m)", ""),
        ("6,1,1", "Pow(c, m)", ""),
    ],
)
def test_what_stays(shape: str, end: str, why: str) -> None:
    axes = "?,?,?,?,?" if shape.count(",") == 4 else "?,?,?" if "m, m" in end else "?,6,?,?"
    text = given(shape, end, ", float[6,1,1] t").replace("float[N,6,?,?] y", f"float[{axes}] y")
    found = refuses(ID, model(text, ["w", "b", "m"]))
    assert why in found if why else found == ""


def test_one_channel_is_not_widened() -> None:
    text = """g (float[1,4,5,5] x, float[1,4,1,1] w, float[6,1,1] m) => (float[1,6,5,5] y) {
        c = Conv(x, w) y = Mul(c, m) }"""
    assert "not one number a channel" in refuses(ID, model(text, ["w", "m"]))


def test_computed_weights_stay() -> None:
    text = given(extra="").replace("float[6,4,3,3] w", "float[6,4,3,3] live").replace("(x, w", "(x, live")
    assert "weights are not constant" in refuses(ID, model(text, ["b", "m"]))


def test_the_arithmetic_of_an_activation_is_none_of_its_business() -> None:
    text = given("1", "Mul(c, d)").replace("y = ", "d = Add(c, m) y = ")
    assert refuses(ID, model(text, ["w", "b", "m"])) == ""
