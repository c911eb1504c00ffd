"""If, Loop and Scan: what is spliced in, what excludes what, how often a body runs."""

from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph, Op


def only(graph: Graph, kind: str) -> Op:
    (op,) = (op for op in graph.ops if op.type == kind)
    return op


def branches(then: str, other: str, condition: str = "c") -> str:
    return f"""y = If ({condition}) <then_branch = t () => (float[] p) {{ {then} }},
        else_branch = e () => (float[] q) {{ {other} }}>"""


TRUE, FALSE = "k = Constant <value = bool {1}> ()", "k = Constant <value = bool {0}> ()"


def test_a_known_condition_leaves_one_branch() -> None:
    for constant, wanted in ((TRUE, "Relu"), (FALSE, "Neg")):
        graph = parse_text(
            f"g (float[4] x) => (float[] y) {{ {constant} {branches('p = Relu (x)', 'q = Neg (x)', 'k')} }}"
        )
        assert [op.type for op in graph.ops] == [wanted, "Identity"]
        assert graph.values["y"].shape == (4,)


def test_a_condition_is_known_by_arithmetic() -> None:
    graph = parse_text(f"""g (float[4, 2] x) => (float[] y) <int64 one = {{1}}, int64 two = {{2}}>
        {{ s = Shape (x) n = Gather (s, one) k = Equal (n, two) {branches("p = Relu (x)", "q = Neg (x)", "k")} }}""")
    assert "Relu" in [op.type for op in graph.ops]
    assert "If" not in [op.type for op in graph.ops]


def links(graph: Graph) -> None:
    """Every value is made once, before it is read."""
    made = [o for op in graph.ops for o in op.outputs]
    assert len(made) == len(set(made))
    seen = {*graph.inputs, *(n for n, v in graph.values.items() if v.const)}
    for op in graph.ops:
        for name in graph.reads(op):
            assert name in seen or name not in made, name
        seen.update(op.outputs)
    assert set(graph.outputs) <= {*made, *graph.inputs} | {n for n, v in graph.values.items() if v.const}


def test_a_branch_may_use_the_names_around_it() -> None:
    graph = parse_text(f"""g (float[4] x) => (float[] y, float[] z) {{ {TRUE} p = Exp (x) z = Neg (p)
        y = If (k) <then_branch = t () => (float[] p) {{ p = Relu (x) }},
                    else_branch = e () => (float[] q) {{ q = Abs (x) }}> }}""")
    links(graph)
    z = only(graph, "Neg")
    assert graph.ops[graph.producer[z.inputs[0]]].type == "Exp"
    identity = only(graph, "Identity")
    assert graph.ops[graph.producer[identity.inputs[0]]].type == "Relu"


def test_a_branch_may_use_a_name_that_comes_later() -> None:
    graph = parse_text(f"""g (float[4] x) => (float[] y, float[] z) {{ {TRUE}
        {branches("a = Relu (x) p = Neg (a)", "q = Abs (x)", "k")} a = Exp (y) z = Log (a) }}""")
    links(graph)
    log = only(graph, "Log")
    assert graph.ops[graph.producer[log.inputs[0]]].type == "Exp"


def test_a_branch_may_call_its_output_as_the_if_does() -> None:
    graph = parse_text(f"""g (float[4] x) => (float[] y) {{ {TRUE}
        y = If (k) <then_branch = t () => (float[] y) {{ y = Relu (x) }},
                    else_branch = e () => (float[] q) {{ q = Abs (x) }}> }}""")
    links(graph)
    assert graph.outputs == ("y",)


def test_two_ifs_of_one_name_do_not_mix() -> None:
    one = branches("a = Relu (x) p = Neg (a)", "q = Abs (x)", "k")
    two = one.replace("y =", "z =").replace("Relu", "Exp")
    graph = parse_text(f"g (float[4] x) => (float[] y, float[] z) {{ {TRUE} {one} {two} }}")
    links(graph)
    assert [op.type for op in graph.ops] == ["Relu", "Neg", "Identity", "Exp", "Neg", "Identity"]


def test_a_branch_of_a_branch_is_spliced_too() -> None:
    inner = "p = If (k) <then_branch = t () => (r) { r = Relu (x) }, else_branch = e () => (s) { s = Abs (x) }>"
    graph = parse_text(f"g (float[4] x) => (float[] y) {{ {TRUE} {branches(inner, 'q = Neg (x)', 'k')} }}")
    links(graph)
    assert [op.type for op in graph.ops] == ["Relu", "Identity", "Identity"]


def test_a_body_in_a_spliced_branch_reads_the_branchs_value() -> None:
    loop = """p = Loop (n, "", x) <body = b (int64 i, bool g, float[4] v) => (bool h, float[] w)
        { h = Identity (g) w = Add (v, a) }>"""
    graph = parse_text(f"""g (float[4] x) => (float[] y, float[] z) <int64 n = {{3}}> {{ {TRUE} a = Exp (x) z = Log (a)
        {branches(f"a = Relu (x) {loop}", "q = Neg (x)", "k")} }}""")
    links(graph)
    at = graph.producer[next(iter(set(graph.reads(only(graph, "Loop"))) - {"n", "x"}))]
    assert graph.ops[at].type == "Relu"


def test_a_weight_of_a_spliced_branch_comes_along() -> None:
    graph = parse_text(f"""g (float[4] x) => (float[] y) <float[4] w = {{9, 9, 9, 9}}> {{ {TRUE} a = Add (x, w)
        y = If (k) <then_branch = t () => (float[] p) <float[4] w = {{1, 2, 3, 4}}> {{ p = Mul (a, w) }},
                    else_branch = e () => (float[] q) {{ q = Abs (x) }}> }}""")
    links(graph)
    assert graph.values[only(graph, "Mul").inputs[1]].data == (1, 2, 3, 4)
    assert graph.values[only(graph, "Add").inputs[1]].data == (9, 9, 9, 9)


def test_an_unknown_condition_keeps_both_branches_and_what_they_share() -> None:
    graph = parse_text(
        f"g (bool c, float[4, 2] x) => (float[] y) {{ {branches('p = Relu (x)', 'q = Concat <axis = 1> (x, x)')} }}"
    )
    op = only(graph, "If")
    assert {b.name: b.trips for b in op.bodies} == {"then_branch": 1, "else_branch": 1}
    assert graph.values["y"].shape == (4, None)


def test_branches_of_different_rank_share_nothing() -> None:
    graph = parse_text(
        f"g (bool c, float[4, 2] x) => (float[] y) {{ {branches('p = Relu (x)', 'q = ReduceSum <keepdims = 0> (x)')} }}"
    )
    assert graph.values["y"].shape is None


def test_bodies_capture_the_values_around_them_through_bodies() -> None:
    inner = branches("p = Neg (a)", "q = Abs (a)").replace("y =", "r =")
    graph = parse_text(f"""g (bool c, float[4] x) => (float[] y) {{ a = Relu (x)
        y = If (c) <then_branch = t () => (float[] r) {{ {inner} }},
                    else_branch = e () => (float[] s) {{ s = Exp (x) }}> }}""")
    op = only(graph, "If")
    assert set(graph.reads(op)) == {"c", "a", "x"}
    assert graph.consumers["a"] == (1,)
    nested = only(op.bodies[0].graph, "If")
    assert nested.bodies[0].graph.values["a"].shape == (4,)


BODY = """<body = b (int64 i, bool c, float[4] v) => (bool d, float[] w, float[] s)
    {{ d = {d} w = Relu (v) s = Neg (v) }}>"""


@pytest.mark.parametrize(
    ("count", "condition", "goes_on", "trips"),
    [
        ("five", '""', "Identity (c)", 5),
        ("five", "yes", "Identity (c)", 5),
        ("vector", "yes", "Identity (c)", 5),
        ("less", "yes", "Identity (c)", 0),
        ("five", "yes", "Constant <value = bool {1}> ()", 5),
        ("five", "yes", "Constant <value = bool {0}> ()", None),
        ("five", "no", "Identity (c)", None),
        ("five", "m", "Identity (c)", None),
        ("n", "yes", "Identity (c)", None),
        ('""', "yes", "Identity (c)", None),
        ("none", "yes", "Identity (c)", None),
        ("five", "yes", "Not (c)", None),
    ],
)
def test_a_loop_runs_as_often_as_it_says(count: str, condition: str, goes_on: str, trips: int | None) -> None:
    graph = parse_text(f"""g (float[4] x, int64 n, bool m) => (float[] y, float[] z) <int64 five = {{5}},
        bool yes = {{1}}, bool no = {{0}}, int64[1] vector = {{5}}, int64 less = {{-5}}, int64[0] none = {{}}>
        {{ y, z = Loop ({count}, {condition}, x) {BODY.format(d=goes_on)} }}""")
    (body,) = only(graph, "Loop").bodies
    assert body.trips == trips
    assert graph.values["y"].shape == (4,)
    assert graph.values["z"].shape == (trips, 4)


def test_a_loop_keeps_only_the_sizes_that_a_turn_does_not_change() -> None:
    graph = parse_text("""g (float[2, 4] x) => (float[] y) <int64 n = {3}> { y = Loop (n, "", x)
        <body = b (int64 i, bool c, float[] v) => (bool d, float[] w)
        { d = Identity (c) w = Concat <axis = 0> (v, v) }> }""")
    assert graph.values["y"].shape == (None, 4)
    assert only(graph, "Loop").bodies[0].graph.values["w"].shape == (None, 4)


def test_a_carried_constant_is_none_inside() -> None:
    graph = parse_text("""g (float[4] x) => (float[] y) <int64 n = {3}, float[1] start = {1}> { y = Loop (n, "", start)
        <body = b (int64 i, bool c, float[] v) => (bool d, float[] w) { d = Identity (c) w = Add (v, v) }> }""")
    body = only(graph, "Loop").bodies[0].graph
    assert not body.values["w"].const
    assert not graph.values["y"].const


def test_a_scan_runs_once_for_every_slice() -> None:
    graph = parse_text("""g (float[3] h, float[7, 2, 3] x) => (float[] y, float[] z) {
        y, z = Scan <num_scan_inputs = 1, body = b (float[3] s, float[2, 3] v) => (float[] t, float[] o)
        { m = ReduceSum <keepdims = 0> (v) t = Add (s, m) o = Neg (v) }> (h, x) }""")
    assert only(graph, "Scan").bodies[0].trips == 7
    assert [graph.values[o].shape for o in graph.outputs] == [(3,), (7, 2, 3)]


def test_a_scan_along_another_axis_and_of_a_free_length() -> None:
    graph = parse_text("""g (float[2, T, 3] x) => (float[] z) {
        z = Scan <num_scan_inputs = 1, scan_input_axes = [1], scan_output_axes = [-1],
        body = b (float[2, 3] v) => (float[] o) { o = Neg (v) }> (x) }""")
    assert only(graph, "Scan").bodies[0].trips is None
    assert graph.values["z"].shape == (2, 3, "T")
