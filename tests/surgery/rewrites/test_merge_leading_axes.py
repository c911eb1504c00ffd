import pytest

from tests.surgery.harness import fires, model, refuses, types

ATTENTION = """<ir_version: 8, opset_import: ["" : 17]>
g (%(t)s[%(n)s,4,3,5,2] q, %(t)s[%(n)s,4,3,2,5] k, %(t)s[%(m)s] m) => (%(t)s[%(n)s,4,3,5,5] y) {
    s = MatMul (q, k)
    a = Add (%(add)s)
    y = Softmax <axis = -1> (a)
}"""


def attention(n: str = "2", m: str = "2,4,1,5,5", add: str = "s, m", t: str = "float") -> str:
    return ATTENTION % {"n": n, "m": m, "add": add, "t": t}


@pytest.mark.parametrize(
    ("n", "m", "add", "t"),
    [
        ("2", "2,4,1,5,5", "s, m", "float"),
        ("1", "4,1,5,5", "s, m", "float"),
        ("N", "3,5,5", "m, s", "float"),
        ("2", "1,1,3,5,5", "m, s", "float16"),
    ],
)
def test_a_chain_of_ops_works_on_four_axes(n: str, m: str, add: str, t: str) -> None:
    made = fires("merge-leading-axes", model(attention(n, m, add, t)), tolerance=1e-3 if t == "float16" else 2e-5)
    found = types(made)
    assert [o for o in found if o != "Reshape"] == ["MatMul", "Add", "Softmax"]
    assert found[-1] == "Reshape"
    assert 3 <= found.count("Reshape") <= 4


def test_reshapes_around_it_are_taken_in() -> None:
    text = """<ir_version: 8, opset_import: ["" : 17]> g (float[6,5,7] x, float[7] s, float[7] b) => (float[6,35] y)
    <int64[5] a = {1,2,3,5,7}, int64[2] c = {6,35}> {
        r = Reshape (x, a)
        n = LayerNormalization <axis = -1> (r, s, b)
        e = Sigmoid (n)
        y = Reshape (e, c)
    }"""
    made = fires("merge-leading-axes", model(text, ["s", "b"]))
    assert types(made) == ["Reshape", "LayerNormalization", "Sigmoid", "Reshape"]


def test_an_operand_spread_along_some_leading_axes() -> None:
    assert "along some leading axes" in refuses(
        "merge-leading-axes",
        model("g (float[2,3,4,5,6] x, float[2,1,4,5,6] z) => (float[2,3,4,5,6] y) { y = Mul (x, z) }"),
    )


def test_a_softmax_along_a_leading_axis_stays() -> None:
    text = """<ir_version: 8, opset_import: ["" : 17]> g (float[2,3,4,5,6] x) => (float[2,3,4,5,6] y)
    { y = Softmax <axis = 1> (x) }"""
    assert refuses("merge-leading-axes", model(text)) == ""


def test_two_open_sizes_cannot_be_said() -> None:
    text = "g (float[N,3,L,5,6] x) => (float[N,3,L,5,6] y) { y = Relu (x) }"
    assert "more than one size" in refuses("merge-leading-axes", model(text))


def test_two_open_sizes_cannot_be_said_behind_the_chain_either() -> None:
    text = """<ir_version: 8, opset_import: ["" : 17]> g (float[N,L,4,5,6] x) => (float[N,L,1,1,1] y)
    { a = ReduceMean <axes = [2, 3, 4]> (x) y = Relu (a) }"""
    assert "more than one size" in refuses("merge-leading-axes", model(text))
