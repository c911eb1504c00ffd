from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.memory.runtimes.onnxruntime_sharing import in_running_order, reused


def graph(text: str) -> Graph:
    return parse_text(f'<ir_version: 8, opset_import: ["" : 18]>\n{text}')


@pytest.mark.parametrize(
    ("text", "shared"),
    [
        ("g (float[1,8] x) => (float[1,8] y) { a = Abs (x) b = Relu (a) y = Abs (b) }", {"b": "a"}),
        ("g (float[1,8] x) => (float[1,8] y) { a = Abs (x) b = Relu (a) y = Add (a, b) }", {}),
        ("g (float[1,8] x) => (float[8] y) { a = Abs (x) b = Squeeze (a) y = Abs (b) }", {"b": "a"}),
        ("g (float[1,8] x) => (float[1,8] y) { a = Abs (x) b = Erf (x) c = Add (b, a) y = Abs (c) }", {"c": "b"}),
        ("g (float[1,8] x) => (float[1,8] y) { y = Relu (x) }", {}),
    ],
    ids=["in place", "read again", "alias", "either input", "the caller's"],
)  # fmt: skip
def test_what_lies_in_one_buffer(text: str, shared: dict[str, str]) -> None:
    assert reused(graph(text)) == shared


def test_a_buffer_that_is_free_is_taken_for_an_equal_shape_only() -> None:
    same = "g (float[2,8] x) => (float[2,8] y) { a = Sin (x) b = Cos (a) c = Sin (b) y = Cos (c) }"
    assert reused(graph(same)) == {"c": "a"}
    other = """g (float[2,8] x) => (float[8,2] y) {
        a = Sin (x) b = Transpose (a) c = Sin (b) d = Cos (c) y = Sin (d) }"""
    assert reused(graph(other)) == {"d": "b"}


def test_an_output_of_the_graph_has_its_own_buffer() -> None:
    text = "g (float[2,8] x) => (float[2,8] a, float[2,8] y) { a = Sin (x) b = Cos (a) y = Relu (b) }"
    assert reused(graph(text)) == {}


def test_of_two_branches_the_later_one_runs_first() -> None:
    text = "g (float[2] x) => (float[2] y) { a = Sin (x) b = Cos (x) c = Tan (b) y = Add (a, c) }"
    assert [op.type for op in in_running_order(graph(text)).ops] == ["Cos", "Tan", "Sin", "Add"]


def test_what_is_known_before_is_not_run() -> None:
    text = """g (float[2] x) => (float[2] y) <float[2] w = {1,2}> { a = Sin (w) y = Add (x, a) }"""
    assert [op.type for op in in_running_order(graph(text)).ops] == ["Add"]


def test_the_running_order_is_one_in_which_the_ops_can_run() -> None:
    text = """g (float[2] x) => (float[2] y, float[2] z) {
        a = Sin (x) b = Cos (a) c = Tan (a) d = Add (c, b) z = Abs (d) e = Mul (d, c) y = Sub (e, a) }"""
    source = graph(text)
    ran = in_running_order(source)
    assert sorted(op.name for op in ran.ops) == sorted(op.name for op in source.ops)
    known = set(ran.inputs)
    for op in ran.ops:
        assert set(op.inputs) <= known
        known.update(op.outputs)
