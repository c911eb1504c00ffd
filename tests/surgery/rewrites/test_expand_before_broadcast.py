import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """g (%s, float[N,8,6] v) => (float[N,8,6] y) {
    s = Shape(v)
    a = Expand(x, s)
    y = %s
}"""


@pytest.mark.parametrize("shape", ["[1,8,1]", "[6]", "[1]", "[N,1,6]"])
@pytest.mark.parametrize("op", ["Add(a, v)", "Div(v, a)", "Max(a, v)"])
def test_the_op_broadcasts_itself(shape: str, op: str) -> None:
    made = fires("expand-before-broadcast", model(TEXT % (f"float{shape} x", op)))
    assert types(made) == [op.split("(")[0]]


def test_one_of_two_expands_that_make_the_whole_shape_together() -> None:
    text = """g (float[1,8,1] x, float[N,1,6] u, float[N,8,6] v) => (float[N,8,6] y) {
        s = Shape(v)
        a = Expand(x, s)
        b = Expand(u, s)
        y = Mul(a, b)
    }"""
    assert types(fires("expand-before-broadcast", model(text))) == ["Mul"]


def test_a_condition_broadcasts() -> None:
    made = fires("expand-before-broadcast", model(TEXT % ("bool[1,8,1] x", "Where(a, v, v)")))
    assert types(made) == ["Where"]


def test_a_tile_of_single_rows_in_a_matmul() -> None:
    text = """g (float[1,4,5] x, float[7,5,3] w, int64[3] r) => (float[7,4,3] y) {
        a = Tile(x, r)
        y = MatMul(a, w)
    }"""
    assert types(fires("expand-before-broadcast", model(text, constants={"r": [7, 1, 1]}))) == ["MatMul"]


@pytest.mark.parametrize(
    ("kind", "shape", "told", "why"),
    [
        ("Expand", "[1,5]", [4, 5], "do not have the whole shape"),
        ("Tile", "[2,5]", [2, 1], "repeats more than axes of size 1"),
    ],
)
def test_others_stay(kind: str, shape: str, told: list[int], why: str) -> None:
    operand = "1,5" if kind == "Expand" else "4,5"
    text = "g (float%s x, float[%s] v, int64[2] s) => (float[4,5] y) { a = %s(x, s) y = Add(a, v) }"
    source = model(text % (shape, operand, kind), constants={"s": told})
    assert why in refuses("expand-before-broadcast", source)


def test_a_tensor_does_not_broadcast_to_the_slopes_of_a_prelu() -> None:
    text = "g (float[1,1] x, float[5,1] v, int64[2] s) => (float[5,1] y) { a = Expand(x, s) y = PRelu(a, v) }"
    assert refuses("expand-before-broadcast", model(text, constants={"s": [5, 1]})) == ""


def test_slopes_do_broadcast() -> None:
    text = "g (float[5,1] x, float[1,1] v, int64[2] s) => (float[5,1] y) { a = Expand(v, s) y = PRelu(x, a) }"
    assert types(fires("expand-before-broadcast", model(text, constants={"s": [5, 1]}))) == ["PRelu"]
