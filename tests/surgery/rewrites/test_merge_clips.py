import pytest

from tests.surgery.harness import fires, model, refuses, types

TWO = """g (float[N,4] x, float a, float b, float c, float d) => (float[N,4] y) { p = Clip(x, %s) y = Clip(p, %s) }"""


def bounds(*given: float) -> dict[str, float]:
    return dict(zip("abcd", given, strict=True))


@pytest.mark.parametrize(
    "given", [(-1, 2, 0, 6), (0, 1, 0.5, 3), (-3, -1, 0, 2), (1, 3, -2, 0.5), (-2, 2, -2, 2), (0, 6, 1, 2)]
)
def test_two_pairs_of_bounds_are_one(given: tuple[float, ...]) -> None:
    made = fires("merge-clips", model(TWO % ("a, b", "c, d"), constants=bounds(*given)), tolerance=0)
    assert types(made) == ["Clip"]


@pytest.mark.parametrize("parts", [("a, b", "c"), ("a", '"", d'), ('"", b', "c, d"), ('"", b', '"", d')])
def test_absent_bounds(parts: tuple[str, str]) -> None:
    assert types(fires("merge-clips", model(TWO % parts, constants=bounds(-1, 2, -0.5, 1)), tolerance=0)) == ["Clip"]


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("p = Relu(x) y = Clip(p, a, b)", ["Clip"]),
        ("p = Clip(x, a, b) y = Relu(p)", ["Clip"]),
        ("p = Clip(x, a) y = Relu(p)", ["Relu"]),
        ("p = Relu(x) y = Relu(p)", ["Relu"]),
        ("p = Relu(x) y = Clip(p, a)", ["Relu"]),
    ],
)
def test_relus(body: str, kinds: list[str]) -> None:
    text = "g (float[2,N,3] x, float a, float b) => (float[2,N,3] y) { " + body + " }"
    assert types(fires("merge-clips", model(text, constants={"a": -1, "b": 6}), tolerance=0)) == kinds


def test_a_chain_of_three() -> None:
    text = "g (float16[5] x, float16 a, float16 b) => (float16[5] y) { p = Relu(x) q = Clip(p, a, b) y = Relu(q) }"
    assert types(fires("merge-clips", model(text, constants={"a": 0, "b": 6}), sites=2)) == ["Clip"]


def test_bounds_as_attributes() -> None:
    text = '<ir_version: 4, opset_import: ["" : 9]> g (float[3,4] x) => (float[3,4] y) { p = Relu(x) y = %s(p) }'
    made = fires("merge-clips", model(text % "Clip<max=6.0>"))
    assert types(made) == ["Clip"]
    assert {a.name: a.f for a in made.graph.node[0].attribute} == {"min": 0.0, "max": 6.0}
    assert types(fires("merge-clips", model(text % "Clip<min=-1.0>"))) == ["Clip"]


@pytest.mark.parametrize(
    ("parts", "given", "why"),
    [(("a, b", "c, d"), (2, 1, 0, 6), "above"), (("a, b", "c, d"), (0, 6, 2, 1), "above")],
)
def test_crossed_bounds_stay(parts: tuple[str, str], given: tuple[float, ...], why: str) -> None:
    assert why in refuses("merge-clips", model(TWO % parts, constants=bounds(*given)))


def test_bounds_the_model_computes_stay() -> None:
    constants = bounds(0, 6, 1, 2)
    del constants["b"]
    assert "not constants" in refuses("merge-clips", model(TWO % ("a, b", "c, d"), constants=constants))


def test_what_others_read_stays() -> None:
    text = (TWO % ("a, b", "c, d")).replace("=> (", "=> (float[N,4] p, ")
    assert "reads" in refuses("merge-clips", model(text, constants=bounds(0, 6, 1, 2)))
