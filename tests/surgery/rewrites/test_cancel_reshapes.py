from __future__ import annotations

import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """agraph (float[{shape}] x) => (float[{shape}] y)
<int64[{rank}] there = {{{there}}}, int64[{back_rank}] back = {{{back}}},
 float half = {{0.5}}, float[1,1] one = {{1.0}}>
{{ a = Reshape(x, there) {ops} y = Reshape(b, back) }}"""


def source(ops: str, shape: str = "64,8", there: str = "1,64,8", back: str = "64,8") -> str:
    count = lambda text: text.count(",") + 1  # noqa: E731
    return TEXT.format(shape=shape, there=there, back=back, rank=count(there), back_rank=count(back), ops=ops)


@pytest.mark.parametrize(
    ("shape", "there", "back"), [("64,8", "1,64,8", "64,8"), ("2,3,4", "6,4", "2,3,4"), ("N,4,6", "-1,24", "-1,4,6")]
)
def test_ops_run_in_the_shape_before(shape: str, there: str, back: str) -> None:
    made = fires("cancel-reshapes", model(source("s = Sigmoid(a) b = Mul(a, s)", shape, there, back)))
    assert types(made) == ["Sigmoid", "Mul"]


def test_constants_of_one_element_fit_both() -> None:
    made = fires("cancel-reshapes", model(source("c = Mul(a, half) d = Add(one, c) b = Tanh(d)")))
    assert types(made) == ["Mul", "Add", "Tanh"]


def test_a_constant_along_the_last_axis() -> None:
    text = source("b = Add(a, w)").replace("x) =>", "x, float[8] w) =>")
    assert types(fires("cancel-reshapes", model(text, weights=["w"]))) == ["Add"]


def test_two_tensors_that_come_from_the_same_shape() -> None:
    text = source("c = Reshape(z, there) b = Max(a, c)").replace("x) =>", "x, float[64,8] z) =>")
    assert types(fires("cancel-reshapes", model(text))) == ["Max"]


def test_a_constant_that_fits_the_shape_in_between_alone() -> None:
    text = source("b = Mul(a, w)", "2,12", "2,3,4", "2,12").replace("x) =>", "x, float[3,1] w) =>")
    assert refuses("cancel-reshapes", model(text, weights=["w"])) == ""


def test_a_constant_of_more_axes_than_the_shape_before() -> None:
    text = source("b = Mul(a, w)").replace("x) =>", "x, float[1,1,1] w) =>")
    assert refuses("cancel-reshapes", model(text, weights=["w"])) == ""


def test_another_reader_in_between() -> None:
    text = source("c = Relu(a) b = Neg(c) z = Abs(c)").replace("y)", "y, float[1,64,8] z)", 1)
    assert refuses("cancel-reshapes", model(text)) == "something else reads what is between the reshapes"


def test_another_shape_at_the_end() -> None:
    text = source("b = Relu(a)", back="8,64").replace("=> (float[64,8] y)", "=> (float[8,64] y)")
    assert refuses("cancel-reshapes", model(text)) == ""


def test_an_op_that_looks_at_places() -> None:
    assert refuses("cancel-reshapes", model(source("b = Softmax<axis=1>(a)"))) == ""
