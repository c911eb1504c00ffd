from __future__ import annotations

import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """agraph (float{kind}[{shape}] x) => (float{kind}[{out}] y)
<int64[{index}] at = {{{values}}}> {{ a = Gather<axis={axis}>(x, at) y = Neg(a) }}"""


@pytest.mark.parametrize(
    ("shape", "index", "axis", "out"),
    [
        ("6,8", "2,3", 0, "2,3,8"),
        ("N,6", "1,1,6", 1, "N,1,1,6"),
        ("2,6,4", "6", -2, "2,6,4"),
        ("6,N", "3,2", 0, "3,2,N"),
    ],
)
@pytest.mark.parametrize("kind", ["", "16"])
def test_all_in_order(shape: str, index: str, axis: int, out: str, kind: str) -> None:
    text = TEXT.format(kind=kind, shape=shape, index=index, axis=axis, out=out, values="0,1,2,3,4,5")
    assert types(fires("gather-in-order", model(text))) == ["Reshape", "Neg"]


@pytest.mark.parametrize("values", ["0,1,2,3,5,4", "0,1,2,3,4,4", "5,4,3,2,1,0", "0,1,2,3,4,-1"])
def test_another_order(values: str) -> None:
    text = TEXT.format(kind="", shape="6,8", index="2,3", axis=0, out="2,3,8", values=values)
    assert refuses("gather-in-order", model(text)) == ""


@pytest.mark.parametrize("shape", ["7,8", "N,8"])
def test_not_the_whole_axis(shape: str) -> None:
    text = TEXT.format(kind="", shape=shape, index="2,3", axis=0, out="2,3,8", values="0,1,2,3,4,5")
    assert refuses("gather-in-order", model(text)) == ""


def test_two_free_sizes_that_move() -> None:
    text = TEXT.format(kind="", shape="6,N,M", index="2,3", axis=0, out="2,3,N,M", values="0,1,2,3,4,5")
    reason = refuses("gather-in-order", model(text))
    assert reason == "the Gather takes all in order, but a Reshape cannot be told the sizes"


def test_indices_of_which_nothing_is_known() -> None:
    text = "agraph (float[6,8] x, int64[2,3] at) => (float[2,3,8] y) { y = Gather<axis=0>(x, at) }"
    assert refuses("gather-in-order", model(text)) == ""
