from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from edgeplan.surgery.doubles import merge_doubles
from edgeplan.surgery.draft import Draft
from tests.surgery.harness import model, same, types

KERNEL = np.linspace(-1, 1, 32 * 4 * 3 * 3).reshape(32, 4, 3, 3)


def merged(source: onnx.ModelProto) -> tuple[int, onnx.ModelProto]:
    draft = Draft.open(source)
    gone = merge_doubles(draft.model)
    made = ir.to_proto(draft.model)
    onnx.checker.check_model(made, full_check=True)
    same(source, made)
    return gone, made


def test_ops_are_equal_when_their_weights_are() -> None:
    text = """agraph (float[1,4,8,8] x, float[32,4,3,3] v, float[32,4,3,3] w) => (float[1,32,6,6] y)
    { a = Conv(x, v) b = Conv(x, w) y = Sub(a, b) }"""
    alike = model(text, constants={"v": KERNEL, "w": KERNEL})
    gone, made = merged(alike)
    assert gone == 2
    assert types(made) == ["Conv", "Sub"]
    assert [t.name for t in made.graph.initializer] == ["v"]
    gone, made = merged(model(text, weights=["v", "w"]))
    assert gone == 0
    assert types(made) == ["Conv", "Conv", "Sub"]


def test_weights_that_differ_in_one_element_stay() -> None:
    text = "agraph (float[2000] x, float[2000] v, float[2000] w) => (float[2000] y) { a = Add(x, v) y = Mul(a, w) }"
    ones = np.linspace(1, 2, 2000)
    other = ones.copy()
    other[777] = 2
    assert merged(model(text, constants={"v": ones, "w": other}))[0] == 0
    assert merged(model(text, constants={"v": ones, "w": ones}))[0] == 1


def test_zeros_of_both_signs_are_no_doubles() -> None:
    text = "agraph (float[2] x, float[2] v, float[2] w) => (float[2] y) { a = Div(x, v) b = Div(x, w) y = Max(a, b) }"
    assert merged(model(text, constants={"v": [0.0, 0.0], "w": [-0.0, -0.0]}))[0] == 0


@pytest.mark.parametrize(("kind", "gone"), [("Add", 1), ("Mul", 1), ("Sub", 0), ("Div", 0)])
def test_operands_may_change_places_where_that_is_the_same(kind: str, gone: int) -> None:
    text = f"agraph (float[4] x, float[4] z) => (float[4] y) {{ a = {kind}(x, z) b = {kind}(z, x) y = Max(a, b) }}"
    assert merged(model(text))[0] == gone


def test_attributes_count() -> None:
    text = "agraph (float[4,4] x) => (float[4,4] y) { a = Softmax<axis=0>(x) b = Softmax<axis=1>(x) y = Add(a, b) }"
    assert merged(model(text))[0] == 0


def test_outputs_keep_their_names() -> None:
    text = "agraph (float[4] x) => (float[4] y, float[4] z) { y = Relu(x) z = Relu(x) }"
    gone, made = merged(model(text))
    assert gone == 0
    assert [o.name for o in made.graph.output] == ["y", "z"]


@pytest.mark.parametrize("op", ["RandomNormalLike(x)", "Bernoulli(x)"])
def test_chance_stays_chance(op: str) -> None:
    draft = Draft.open(model(f"agraph (float[4] x) => (float[4] y) {{ a = {op} b = {op} y = Sub(a, b) }}"))
    assert merge_doubles(draft.model) == 0


def test_bodies_are_gone_into() -> None:
    text = """agraph (bool c, float[4] x) => (float[4] y) {
    y = If(c) <then_branch = a () => (float[4] t) { p = Relu(x) q = Relu(x) t = Add(p, q) },
               else_branch = b () => (float[4] e) { e = Neg(x) }> }"""
    gone, _ = merged(model(text))
    assert gone == 1


def test_weights_before_training_are_no_doubles() -> None:
    text = """agraph (float[1,4,8,8] x, float[32,4,3,3] v, float[32,4,3,3] w) => (float[1,32,6,6] y)
    { a = Conv(x, v) b = Conv(x, w) y = Sub(a, b) }"""
    blank = model(text, constants={"v": np.zeros(KERNEL.shape), "w": np.zeros(KERNEL.shape)})
    assert merged(blank)[0] == 0
