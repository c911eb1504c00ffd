from __future__ import annotations

import pytest

from tests.surgery.harness import fires, model, refuses, types


@pytest.mark.parametrize(("shape", "axis"), [("5,6", 0), ("N,6,4", 1), ("2,6,N", -2)])
def test_an_unsqueeze_of_a_gathered_row(shape: str, axis: int) -> None:
    out = ",".join("1" if i == axis % len(shape.split(",")) else d for i, d in enumerate(shape.split(",")))
    text = f"""agraph (float[{shape}] x) => (float[{out}] y)
    <int64 at = {{3}}, int64[1] axes = {{{axis}}}>
    {{ a = Gather<axis={axis}>(x, at) y = Unsqueeze(a, axes) }}"""
    made = fires("gather-unsqueeze", model(text))
    assert types(made) == ["Gather"]


def test_a_squeeze_of_a_row_of_one() -> None:
    text = """agraph (float16[N,6] x) => (float16[N] y)
    <int64[1] at = {3}, int64[1] axes = {1}> { a = Gather<axis=1>(x, at) y = Squeeze(a, axes) }"""
    made = fires("gather-unsqueeze", model(text))
    assert types(made) == ["Gather"]


def test_several_unsqueezes_of_one() -> None:
    text = """agraph (float[4,6] x) => (float[1,6] y, float[1,6] z)
    <int64 at = {-1}, int64[1] axes = {0}>
    { a = Gather<axis=0>(x, at) b = Unsqueeze(a, axes) y = Relu(b) c = Unsqueeze(a, axes) z = Neg(c) }"""
    assert types(fires("gather-unsqueeze", model(text))) == ["Gather", "Relu", "Neg"]


def test_old_opsets_name_axes_in_an_attribute() -> None:
    text = """<ir_version: 7, opset_import: ["" : 11]> agraph (float[4,6] x) => (float[1,6] y)
    <int64 at = {2}> { a = Gather<axis=0>(x, at) y = Unsqueeze<axes=[0]>(a) }"""
    assert types(fires("gather-unsqueeze", model(text))) == ["Gather"]


def test_another_reader() -> None:
    text = """agraph (float[4,6] x) => (float[1,6] y, float[6] z)
    <int64 at = {2}, int64[1] axes = {0}> { a = Gather<axis=0>(x, at) y = Unsqueeze(a, axes) z = Neg(a) }"""
    assert refuses("gather-unsqueeze", model(text)) == "something else reads what the Gather gives"


@pytest.mark.parametrize("axes", ["{1}", "{0,1}"])
def test_an_axis_at_another_place(axes: str) -> None:
    out = "6,1" if axes == "{1}" else "1,1,6"
    count = axes.count(",") + 1
    text = f"""agraph (float[4,6] x) => (float[{out}] y)
    <int64 at = {{2}}, int64[{count}] axes = {axes}> {{ a = Gather<axis=0>(x, at) y = Unsqueeze(a, axes) }}"""
    assert refuses("gather-unsqueeze", model(text)) == ""


def test_an_index_of_which_nothing_is_known() -> None:
    text = """agraph (float[4,6] x, int64 at) => (float[1,6] y)
    <int64[1] axes = {0}> { a = Gather<axis=0>(x, at) y = Unsqueeze(a, axes) }"""
    assert refuses("gather-unsqueeze", model(text)) == ""
