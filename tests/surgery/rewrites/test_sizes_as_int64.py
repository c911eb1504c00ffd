from __future__ import annotations

import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """agraph (float[N,4,8] x) => (float[N,32] y)
<int64[1] zero = {{0}}, int64[1] one = {{1}}, int32[1] rest = {{32}}>
{{ {ops} y = Reshape(x, shape) }}"""
OPS = (
    """s = Shape(x) c = Cast<to=6>(s) n = Slice(c, zero, one) both = Concat<axis=0>(n, rest) shape = Cast<to=7>(both)"""
)


def test_the_two_casts_go() -> None:
    made = fires("sizes-as-int64", model(TEXT.format(ops=OPS)))
    assert types(made) == ["Shape", "Slice", "Concat", "Reshape"]


@pytest.mark.parametrize("pick", ["n = Gather(c, zero)", "n = Slice(c, zero, one)"])
def test_ways_to_pick_a_size(pick: str) -> None:
    ops = OPS.replace("n = Slice(c, zero, one)", pick)
    assert "Cast" not in types(fires("sizes-as-int64", model(TEXT.format(ops=ops))))


def test_a_size_that_is_squeezed_and_unsqueezed() -> None:
    ops = OPS.replace("n = Slice(c, zero, one)", "a = Slice(c, zero, one) b = Squeeze(a) n = Unsqueeze(b, zero)")
    assert "Cast" not in types(fires("sizes-as-int64", model(TEXT.format(ops=ops))))


def test_other_ops_in_between() -> None:
    ops = OPS.replace("n = Slice(c, zero, one)", "a = Slice(c, zero, one) n = Mul(a, a)").replace("rest)", "rest)")
    text = TEXT.replace("x) => (float[N,32] y)", "x) => (float[A,B] y)")
    assert refuses("sizes-as-int64", model(text.format(ops=ops))) == ""


def test_a_reader_of_what_is_int32() -> None:
    text = TEXT.replace("(float[N,32] y)", "(float[N,32] y, int32[1] z)").replace(
        "y = Reshape", "z = Neg(n) y = Reshape"
    )
    assert refuses("sizes-as-int64", model(text.format(ops=OPS))) == ""


def test_what_is_no_size() -> None:
    text = """agraph (int32[2] s, float[4,8] x) => (float[A,B,C] y)
    <int32[1] one = {1}> { both = Concat<axis=0>(one, s) shape = Cast<to=7>(both) y = Reshape(x, shape) }"""
    assert refuses("sizes-as-int64", model(text)) == ""
