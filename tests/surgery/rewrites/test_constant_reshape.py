from __future__ import annotations

import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """agraph (float[{shape}] x) => (float[{out}] y)
<int64[1] zero = {{0}}, int64[1] one = {{1}}, int64[{rest}] sizes = {{{sizes}}}>
{{ s = Shape(x) n = Slice(s, zero, one) t = Concat<axis=0>(n, sizes) y = Reshape(x, t) }}"""


@pytest.mark.parametrize(
    ("shape", "out", "sizes"),
    [
        ("N,64,8,8", "N,64,64", "64,64"),
        ("N,6", "N,2,3", "2,3"),
        ("batch,4,4", "batch,16", "16"),
        ("N,4,6", "N,24", "-1"),
    ],
)
def test_a_free_batch_stays_in_its_place(shape: str, out: str, sizes: str) -> None:
    source = model(TEXT.format(shape=shape, out=out, sizes=sizes, rest=sizes.count(",") + 1))
    assert types(fires("constant-reshape", source)) == ["Reshape"]


def test_one_free_dimension_that_moves_is_left_open() -> None:
    text = """agraph (float[4,N] x) => (float[N,4] y)
    <int64[1] one = {1}, int64[1] two = {2}, int64[1] four = {4}>
    { s = Shape(x) n = Slice(s, one, two) t = Concat<axis=0>(n, four) y = Reshape(x, t) }"""
    assert types(fires("constant-reshape", model(text))) == ["Reshape"]


def test_two_free_dimensions_that_move() -> None:
    text = """agraph (float[N,M] x) => (float[M,N] y)
    <int64[1] zero = {0}, int64[1] one = {1}, int64[1] two = {2}>
    { s = Shape(x) m = Slice(s, one, two) n = Slice(s, zero, one) t = Concat<axis=0>(m, n) y = Reshape(x, t) }"""
    assert refuses("constant-reshape", model(text)) == "the sizes at the end are not known before the model runs"


def test_a_shape_from_outside() -> None:
    text = "agraph (float[4,6] x, int64[2] t) => (float[A,B] y) { y = Reshape(x, t) }"
    assert refuses("constant-reshape", model(text)) == "the sizes at the end are not known before the model runs"


def test_a_shape_that_is_known() -> None:
    text = "agraph (float[4,6] x) => (float[24] y) <int64[1] t = {24}> { y = Reshape(x, t) }"
    assert refuses("constant-reshape", model(text)) == ""


def test_zeros_that_mean_nothing() -> None:
    text = TEXT.format(shape="N,6", out="N,2,3", sizes="2,3", rest=2).replace("Reshape(", "Reshape<allowzero=1>(")
    assert refuses("constant-reshape", model(text)) == ""
