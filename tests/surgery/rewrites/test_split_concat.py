import pytest

from tests.surgery.harness import fires, model, refuses, types

JOINED = """g (float[N,6,3] x, float[N,1,3] c, int64[3] parts) => (float[N,?,3] y) {
    i = Neg(x)
    a, b, d = Split<axis=1>(i, parts)
    y = Concat<axis=%d>(%s)
}"""
PARTS = {"parts": [1, 2, 3]}


def test_pieces_joined_in_order_are_the_tensor() -> None:
    assert types(fires("split-concat", model(JOINED % (1, "a, b, d"), constants=PARTS))) == ["Neg"]
    made = fires("split-concat", model(JOINED % (-2, "c, a, b, d"), constants=PARTS))
    assert types(made) == ["Neg", "Concat"]
    assert types(fires("split-concat", model(JOINED % (1, "a, b, d, a, c"), constants=PARTS))) == [
        "Neg",
        "Split",
        "Concat",
    ]


def test_a_piece_others_read_keeps_the_split() -> None:
    text = (JOINED % (1, "a, b, d")).replace("y = ", "e = ").replace("}", "z = Relu(b) f = Abs(e) }")
    text = text.replace("float[N,?,3] y", "float[N,2,3] z, float[N,6,3] f")
    assert types(fires("split-concat", model(text, constants=PARTS))) == ["Neg", "Split", "Relu", "Abs"]


def test_another_order_stays() -> None:
    assert "another order" in refuses("split-concat", model(JOINED % (1, "b, a, d"), constants=PARTS))
    assert refuses("split-concat", model(JOINED % (1, "a, b"), constants=PARTS)) == ""


def test_an_input_that_is_handed_out_under_another_name_stays() -> None:
    text = (JOINED % (1, "a, b, d")).replace("i = Neg(x)", "").replace("(i,", "(x,")
    assert "name of its own" in refuses("split-concat", model(text, constants=PARTS))


CUT = """g (float[N,2] u, float[N,%s] v, int64[2] parts) => (float[N,?] y, float[N,?] z) {
    w = Concat<axis=1>(u, v)
    p, q = Split<axis=-1>(w, parts)
    y = Relu(p) z = Abs(q)
}"""


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_split_at_the_joints_gives_the_parts(size: int) -> None:
    assert types(fires("split-concat", model(CUT % size, constants={"parts": [2, size]}))) == ["Relu", "Abs"]


def test_a_split_elsewhere_stays() -> None:
    assert "where the Concat joined" in refuses("split-concat", model(CUT % 3, constants={"parts": [3, 2]}))
    assert "not known" in refuses("split-concat", model(CUT % "M", constants={"parts": [2, 3]}))


def test_a_split_into_equal_parts_of_opset_11() -> None:
    text = """<ir_version: 8, opset_import: ["" : 11]> g (float[2,4] x) => (float[2,4] y) {
        i = Neg(x) a, b = Split<axis=1>(i) w = Concat<axis=1>(a, b) y = Relu(w)
    }"""
    assert types(fires("split-concat", model(text))) == ["Neg", "Relu"]
