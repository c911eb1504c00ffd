import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """g (float[%s] q, float[%s] k, float[%s] s) => (float[%s] y) {
    t = MatMul(q, k)
    y = %s
}"""


@pytest.mark.parametrize(
    ("q", "k", "out"), [("5,4", "4,3", "5,3"), ("2,5,4", "2,4,5", "2,5,5"), ("B,2,S,8", "B,2,8,S", "?,?,?,?")]
)
@pytest.mark.parametrize(("op", "s"), [("Mul(t, s)", 0.3), ("Mul(s, t)", 0.125), ("Div(t, s)", 3.0)])
def test_queries_are_scaled(q: str, k: str, out: str, op: str, s: float) -> None:
    made = fires("attention-scale-first", model(TEXT % (q, k, "1", out, op), constants={"s": [s]}))
    assert types(made) == [op[:3], "MatMul"]
    assert made.graph.node[0].input[0] == "q" or made.graph.node[0].input[1] == "q"


def test_float16() -> None:
    text = (TEXT % ("2,5,4", "2,4,5", "1", "2,5,5", "Mul(t, s)")).replace("float[", "float16[")
    assert types(fires("attention-scale-first", model(text, constants={"s": [0.5]}), tolerance=5e-3)) == [
        "Mul",
        "MatMul",
    ]


@pytest.mark.parametrize(
    ("shape", "op", "s", "why"),
    [
        ("1", "Mul(t, s)", [2.0], "makes larger"),
        ("1", "Div(t, s)", [0.5], "makes larger"),
        ("3", "Mul(t, s)", [0.1, 0.2, 0.3], "not one number"),
        ("1,1,1", "Mul(t, s)", [[[0.1]]], "more axes"),
        ("1", "Div(s, t)", [0.5], ""),
    ],
)
def test_other_scales_stay(shape: str, op: str, s: list[float], why: str) -> None:
    rank = max(2, len(shape.split(",")))
    source = model(TEXT % ("5,4", "4,3", shape, ",".join("?" * rank), op), constants={"s": s})
    reason = refuses("attention-scale-first", source)
    assert why in reason
    assert bool(why) == bool(reason)


def test_a_product_others_read_stays() -> None:
    text = (TEXT % ("5,4", "4,3", "1", "5,3", "Mul(t, s)")).replace("=> (", "=> (float[5,3] t, ")
    assert "before its scale" in refuses("attention-scale-first", model(text, constants={"s": [0.5]}))


def test_a_product_by_weights_is_no_business() -> None:
    text = TEXT % ("5,4", "4,3", "1", "5,3", "Mul(t, s)")
    assert refuses("attention-scale-first", model(text, ["k"], constants={"s": [0.5]})) == ""
