"""What a runtime leaves out of a graph before it runs it, and what it must keep."""

from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.lower import lower_to
from edgeplan.lower.fold import fold
from edgeplan.memory.deployment import constants


def folded(nodes: str, outputs: str = "float[] y", constants: str = "") -> Graph:
    given = f"<float[4] w = {{1, 2, 3, 4}}, float[4] v = {{1, 1, 1, 1}}, int64[1] same = {{4}} {constants}>"
    return fold(parse_text(f"g (float[4] x, float[2, 4] m) => ({outputs}) {given} {{ {nodes} }}"))


def types(graph: Graph) -> list[str]:
    return [op.type for op in graph.ops]


def test_constants_are_computed_beforehand() -> None:
    graph = folded("a = Add (w, v) b = Exp (a) y = Mul (x, b)")
    assert types(graph) == ["Mul"]
    assert graph.values["b"].const


def test_shape_arithmetic_disappears() -> None:
    graph = folded("s = Shape (m) r = ReduceProd <keepdims = 1> (s) y = Reshape (m, r)")
    assert types(graph) == ["Reshape"]
    assert graph.values["r"].data == (8,)


@pytest.mark.parametrize(
    "node",
    [
        "Identity (x)",
        "Dropout (x)",
        "Cast <to = 1> (x)",
        "CastLike (x, w)",
        "Concat <axis = 0> (x)",
        "Sum (x)",
        "Max (x)",
        "Mean (x)",
        "Reshape (x, same)",
        "Expand (x, same)",
        "Tile (x, one)",
        "Slice (x, zero, same)",
        "Pad (x, none)",
        "Split <num_outputs = 1> (x)",
    ],
)
def test_what_changes_nothing_is_left_out(node: str) -> None:
    constants = ", int64[1] one = {1}, int64[1] zero = {0}, int64[2] none = {0, 0}"
    graph = folded(
        f"a = Relu (x) b = {node} y = Neg (b)".replace("(x", "(a").replace("Relu (a)", "Relu (x)"), "y", constants
    )
    assert types(graph) == ["Relu", "Neg"]
    assert graph.ops[1].inputs == ("a",)


@pytest.mark.parametrize(
    "node",
    [
        "Cast <to = 10> (x)",
        "Slice (x, last, before, zero, back)",
        "Pad (x, some)",
        "Reshape (x, two)",
        "Concat <axis = 0> (x, x)",
        "Transpose (x)",
        "acme.Identity (x)",
    ],
)
def test_what_changes_something_stays(node: str) -> None:
    constants = """, int64[1] zero = {0}, int64[1] last = {-1}, int64[1] before = {-9}, int64[1] back = {-1},
        int64[2] some = {0, 1}, int64[2] two = {2, 2}"""
    assert len(folded(f"y = {node}", "y", constants).ops) == 1


def test_a_dropout_whose_mask_is_read_stays() -> None:
    assert "Dropout" in types(folded("y, k = Dropout (x) z = Cast <to = 1> (k)", "float[] y, float[] z"))


def test_a_dropout_that_trains_stays() -> None:
    text = "g (float[4] x) => (y) <bool t = {TRAIN}, float r = {0.5}> { y = Dropout (x, r, t) }"
    assert types(fold(parse_text(text.replace("TRAIN", "1")))) == ["Dropout"]
    assert types(fold(parse_text(text.replace("TRAIN", "0")))) == []


def test_what_a_runtime_keeps_stays() -> None:
    graph = parse_text("g (float[4] x) => (y) { a = Sum (x) b = Max (a) y = Relu (b) }")
    assert types(fold(graph, {"Sum"})) == ["Sum", "Relu"]


def test_an_output_that_is_handed_on_is_read_where_it_is_made() -> None:
    graph = folded("a = Relu (x) y = Identity (a) z = Identity (y)", "float[] y, float[] z")
    assert graph.outputs == ("a", "a")
    assert types(graph) == ["Relu"]


def test_what_nobody_reads_is_left_out() -> None:
    graph = folded("y = Relu (x) a = Exp (x) b = Neg (a)")
    assert types(graph) == ["Relu"]
    assert set(graph.values) == {"x", "m", "y"}


def test_bodies_are_folded_and_read_what_is_left() -> None:
    graph = fold(
        parse_text("""g (bool c, float[4] x) => (float[] y) <float[4] w = {1, 2, 3, 4}> { r = Relu (x) a = Identity (r)
        y = If (c) <then_branch = t () => (float[] p) { k = Exp (w) i = Identity (a) p = Mul (i, k) },
                    else_branch = e () => (float[] q) { q = Identity (a) }> }""")
    )
    assert types(graph) == ["Relu", "If"]
    then, other = (b.graph for b in graph.ops[1].bodies)
    assert types(then) == ["Mul"]
    assert then.ops[0].inputs == ("r", "k")
    assert (types(other), other.outputs) == ([], ("r",))
    assert graph.consumers["r"] == (1,)


def test_a_body_keeps_its_own_value_of_a_name_that_is_handed_on() -> None:
    graph = fold(
        parse_text("""g (bool c, float[4] x) => (float[] y, float[] z) { a = Identity (x) z = Neg (a)
        y = If (c) <then_branch = t () => (float[] p) { p = Exp (a) },
                    else_branch = e () => (float[] q) { a = Relu (x) q = Exp (a) }> }""")
    )
    then, other = (b.graph for b in next(op for op in graph.ops if op.type == "If").bodies)
    assert then.ops[0].inputs == ("x",)
    assert other.ops[1].inputs == ("a",)


QDQ = """g (float[2, 4] x) => (float[] y) <float s = {0.5}, int8 z = {0}, int8[3, 4] w = {1,2,3,4,5,6,7,8,9,1,2,3}>
    { d = DequantizeLinear (w, s, z) NODES }"""


@pytest.mark.parametrize(
    ("nodes", "wanted"),
    [
        ("y = Gemm <transB = 1> (x, d)", ["DequantizeLinear", "Gemm"]),
        ("t = Transpose (d) y = MatMul (x, t)", ["DequantizeLinear", "Transpose", "MatMul"]),
    ],
)
def test_quantised_weights_stay_quantised(nodes: str, wanted: list[str]) -> None:
    graph = fold(parse_text(QDQ.replace("NODES", nodes)))
    assert types(graph) == wanted
    assert str(graph.values["w"].dtype) == "int8"


def test_the_shape_of_a_quantised_weight_is_no_reason_to_keep_it() -> None:
    graph = fold(parse_text(QDQ.replace("NODES", "n = Shape (d) y = Tile (x, n)")))
    assert types(graph) == ["Tile"]


def test_a_weight_that_is_quantised_in_the_graph_is_quantised_beforehand() -> None:
    graph = fold(
        parse_text("""g (float[2, 2] x) => (float[] y) <float s = {0.5}, int8 z = {0}, float[2, 2] w = {1, 2, 3, 4}>
        { q = QuantizeLinear (w, s, z) d = DequantizeLinear (q, s, z) y = MatMul (x, d) }""")
    )
    assert types(graph) == ["DequantizeLinear", "MatMul"]


def test_every_op_says_where_it_comes_from() -> None:
    graph = parse_text("""g (float[1, 3, 8, 8] x) => (float[] y) <float[3, 3, 1, 1] w = {1,2,3,4,5,6,7,8,9},
        float[3, 1, 1] b = {1, 2, 3}> { a = Conv (x, w) c = Add (a, b) y = Relu (c) }""")
    assert [op.sources for op in lower_to(graph, "onnx", fusions=["affine"]).ops] == [("a", "c"), ("y",)]
    assert [op.sources for op in lower_to(graph, "mil", fusions=["affine"]).ops] == [("a", "c"), ("y",)]


def test_a_chain_of_many_copies_folds() -> None:
    chain = " ".join(f"a{i + 1} = Identity (a{i})" for i in range(3000))
    graph = fold(parse_text(f"g (float[4] x) => (float[] y) {{ a0 = Relu (x) {chain} y = Neg (a3000) }}"))
    assert types(graph) == ["Relu", "Neg"]


def test_another_name_for_a_weight_is_not_another_weight() -> None:
    graph = fold(
        parse_text(
            """g (float[1,4] x) => (float[1,4] y) <float[4,4] w = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}> {
                w2 = Identity (w) w3 = Identity (w2) a = MatMul (x, w) b = MatMul (a, w2) y = MatMul (b, w3)
            }"""
        )
    )
    assert [op.inputs[1] for op in graph.ops] == ["w", "w", "w"]
    assert sum(v.bytes or 0 for v in constants(graph).values()) == 64
