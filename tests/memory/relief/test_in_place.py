from __future__ import annotations

from collections.abc import Callable

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.lifetimes import ArenaRules
from edgeplan.memory.pool import plan_pool
from edgeplan.memory.relief import NoRelief, Relief
from edgeplan.memory.relief.in_place import in_place
from edgeplan.target import Target

Toy = Callable[..., Target]
GATED = """g (float[1,8,8,8] x) => (y) <int64[4] s = {8, 8, 1, 1}, int64[4] t = {1, 8, 1, 1}> {
    w = ConstantOfShape (s)
    a = Conv (x, w)
    b = Relu (a)
    c = Sigmoid (b)
    d = Mul (b, c)
    y = Conv (d, w)
}"""


def asked(graph: Graph, toy: Toy, rules: ArenaRules | None = None) -> Relief | NoRelief:
    given = Deployment(graph, toy(), ("cpu",) * len(graph.ops), ())
    return in_place(given, (plan_pool(graph, rules or ArenaRules()),))


def test_element_wise_ops_write_over_what_they_read_last(toy: Toy) -> None:
    found = asked(parse_text(GATED), toy)
    assert isinstance(found, Relief)
    # b and c and d are alive together; d can lie on b, b on a, but c cannot: b is still read.
    assert (found.before, found.after, found.kind) == (3 * 2048, 2 * 2048, "estimated")
    assert found.what.startswith("2 element-wise ops")


def test_a_runtime_that_writes_in_place_already_is_promised_nothing(toy: Toy) -> None:
    rules = ArenaRules(lambda graph: {"b": "a", "d": "b"})
    assert asked(parse_text(GATED), toy, rules) == NoRelief(
        "in-place", "no element-wise op reads a buffer for the last time that it could write over"
    )


def test_inputs_outputs_and_smaller_operands_are_not_written_over(toy: Toy) -> None:
    text = """g (float[1,8,8,8] x, float[8,1,1] s) => (a, y) <int64[1] axes = {0}> {
        a = Relu (x)
        b = Neg (s)
        y = Add (a, b)
    }"""
    assert isinstance(asked(parse_text(text), toy), NoRelief)


def test_a_peak_elsewhere_is_said(toy: Toy) -> None:
    text = """g (float[1,8,8,8] x) => (y) {
        a = Concat <axis = 1> (x, x, x, x)
        b = MaxPool <kernel_shape = [8, 8]> (a)
        c = Relu (b)
        y = MaxPool <kernel_shape = [1, 1]> (c)
    }"""
    assert asked(parse_text(text), toy) == NoRelief(
        "in-place", "the peak does not lie at an element-wise op that could write over its input"
    )


def test_what_is_read_later_through_a_view_is_left_alone(toy: Toy) -> None:
    text = """g (float[1,8,8,8] x) => (y) <int64[2] s = {8, 64}, int64[4] t = {8, 8, 1, 1}> {
        w = ConstantOfShape (t)
        a = Conv (x, w)
        v = Reshape (a, s)
        b = Relu (a)
        c = Conv (b, w)
        d = Reshape (v, s)
        z = ReduceMax <keepdims = 0> (d)
        y = Add (c, z)
    }"""
    found = asked(parse_text(text), toy)
    assert isinstance(found, NoRelief)
