from __future__ import annotations

import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """agraph (float[N,1,M] x, float[N,4,M] z) => (float[N,4,M] y)
<int64[1] zero = {{0}}, int64[1] two = {{2}}, int64[1] middle = {{{middle}}}, int64[3] minus = {{-1,-1,-1}},
 int64[3] ones = {{1,1,1}}>
{{ s = Shape(x) n = Gather(s, zero) m = Gather(s, two) t = Concat<axis=0>(n, middle, m)
   e = Equal(t, minus) w = Where(e, ones, t) a = Expand(x, w) y = Add(a, z) }}"""


@pytest.mark.parametrize("middle", [-1, 1, 4])
def test_sizes_put_together(middle: int) -> None:
    made = fires("expand-to-sizes", model(TEXT.format(middle=middle)))
    assert types(made) == ["Shape", "Gather", "Gather", "Concat", "Expand", "Add"]


def test_a_whole_shape() -> None:
    text = """agraph (float[N,M] x, float[1,M] z) => (float[N,M] y)
    <int64[2] minus = {-1,-1}, int64[2] ones = {1,1}>
    { s = Shape(x) e = Equal(s, minus) w = Where(e, ones, s) y = Expand(z, w) }"""
    assert types(fires("expand-to-sizes", model(text))) == ["Shape", "Expand"]


def test_sizes_that_come_from_outside() -> None:
    text = """agraph (int64[2] s, float[1,1] z) => (float[A,B] y)
    <int64[2] minus = {-1,-1}, int64[2] ones = {1,1}>
    { e = Equal(s, minus) w = Where(e, ones, s) y = Expand(z, w) }"""
    assert refuses("expand-to-sizes", model(text)) == "the sizes are not taken from a shape"


def test_a_part_that_comes_from_outside() -> None:
    text = TEXT.format(middle=4).replace("float[N,4,M] z)", "float[N,4,M] z, int64[1] k)")
    text = text.replace("(n, middle, m)", "(n, middle, k)").replace("=> (float[N,4,M] y)", "=> (float[A,B,C] y)")
    assert refuses("expand-to-sizes", model(text)) == "a size is not taken from a shape"


def test_another_number_than_minus_one() -> None:
    text = TEXT.format(middle=4).replace("{-1,-1,-1}", "{-2,-1,-1}")
    assert refuses("expand-to-sizes", model(text)) == ""
