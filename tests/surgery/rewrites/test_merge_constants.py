from __future__ import annotations

import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """agraph (float[{shape}] x) => (float[{shape}] y)
<float half = {{0.5}}, float three = {{3.0}}> {{ a = {first} y = {second} }}"""


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        ("Mul(x, half)", "Mul(three, a)", "Mul"),
        ("Mul(x, half)", "Div(a, three)", "Mul"),
        ("Div(x, half)", "Div(a, three)", "Mul"),
        ("Add(x, half)", "Sub(a, three)", "Add"),
        ("Sub(x, half)", "Sub(a, three)", "Add"),
    ],
)
@pytest.mark.parametrize("shape", ["4,6", "N,3"])
def test_two_become_one(first: str, second: str, left: str, shape: str) -> None:
    assert types(fires("merge-constants", model(TEXT.format(shape=shape, first=first, second=second)))) == [left]


def test_a_number_a_channel() -> None:
    text = """agraph (float16[N,4,3] x, float16[4,1] w, float16 half) => (float16[N,4,3] y) {
    a = Mul(x, w) y = Mul(a, half) }"""
    source = model(text, weights=["w"], constants={"half": 0.5})
    assert types(fires("merge-constants", source, tolerance=2e-3)) == ["Mul"]


def test_constants_that_broadcast_to_more() -> None:
    text = """agraph (float[N,4,3] x, float[4,1] w, float[1,3] v) => (float[N,4,3] y) {
    a = Mul(x, w) y = Mul(a, v) }"""
    reason = refuses("merge-constants", model(text, weights=["w", "v"]))
    assert reason == "the constants broadcast to more elements than the larger of them has"


def test_another_reader() -> None:
    text = TEXT.format(shape="4", first="Mul(x, half)", second="Mul(a, three) z = Neg(a)").replace(
        "y)", "y, float[4] z)", 1
    )
    assert refuses("merge-constants", model(text)) == "something else reads what is between the two"


@pytest.mark.parametrize(
    ("first", "second"),
    [("Mul(x, half)", "Add(a, three)"), ("Sub(half, x)", "Add(a, three)"), ("Div(half, x)", "Mul(a, three)")],
)
def test_what_does_not_go_together(first: str, second: str) -> None:
    assert refuses("merge-constants", model(TEXT.format(shape="4", first=first, second=second))) == ""


def test_whole_numbers() -> None:
    text = """agraph (int64[4] x) => (int64[4] y) <int64 two = {2}, int64 three = {3}>
    { a = Div(x, two) y = Mul(a, three) }"""
    assert refuses("merge-constants", model(text)) == ""


def test_the_last_factor_of_a_gelu_stays() -> None:
    text = """agraph (float[4] x) => (float[4] y)
    <float root = {1.4142135}, float one = {1.0}, float half = {0.5}, float three = {3.0}>
    { d = Div(x, root) e = Erf(d) f = Add(e, one) g = Mul(x, f) h = Mul(g, half) y = Mul(h, three) }"""
    assert refuses("merge-constants", model(text)) == ""
