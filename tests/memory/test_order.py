from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType, Graph, Op, Value
from edgeplan.memory.lifetimes import ArenaRules, lifetimes
from edgeplan.memory.live import lower_bound
from edgeplan.memory.order import Order, broken_by, lower_peak_order, reordered
from edgeplan.memory.pool import plan_pool


def overwritten(graph: Graph) -> dict[str, str]:
    """Over writes over what it alone reads."""
    overs = (op for op in graph.ops if op.type == "Over" and op.inputs[0] in graph.producer)
    free = graph.producer.keys() - set(graph.outputs)
    return {
        op.outputs[0]: op.inputs[0] for op in overs if op.inputs[0] in free and len(graph.consumers[op.inputs[0]]) == 1
    }


SHARING = [
    ArenaRules(),
    ArenaRules(inputs_stay=True, alignment=1),
    ArenaRules(outputs_stay=False, scratch=lambda graph, i: (64 * len(graph.ops[i].inputs),)),
    ArenaRules(shared=overwritten),
]


@st.composite
def dags(draw: st.DrawFn, most: int = 7) -> Graph:
    """Ops that read up to three values made before them, some under another shape, some for their effect."""
    kinds = draw(
        st.lists(st.sampled_from(["Foo", "Foo", "Over", "Reshape", "RandomNormalLike"]), min_size=1, max_size=most)
    )
    values = {name: Value(name, DType.FLOAT32, (draw(st.integers(1, 200)),)) for name in ("x", "y")}
    ops = []
    for i, kind in enumerate(kinds):
        reads = tuple(draw(st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=3, unique=True)))
        shape = values[reads[0]].shape if kind == "Reshape" else (draw(st.integers(1, 200)),)
        values[f"v{i}"] = Value(f"v{i}", DType.FLOAT32, shape)
        ops.append(Op(f"op{i}", kind, reads, ("X",) * len(reads), (f"v{i}",)))
    kept = draw(st.sets(st.sampled_from(sorted(values)), min_size=1, max_size=2))
    inputs = tuple(name for name in ("x", "y") if any(name in op.inputs for op in ops))
    return Graph("g", "onnx", tuple(ops), values, inputs, tuple(sorted(kept)))


def peak(graph: Graph, rules: ArenaRules) -> int:
    found = lifetimes(graph, rules, lambda body: (0, ()))
    return lower_bound(found.buffers, found.steps)[0]


@given(dags(), st.sampled_from(SHARING))
@settings(deadline=None)
def test_no_order_has_a_lower_peak(graph: Graph, rules: ArenaRules) -> None:
    found = lower_peak_order(graph, rules)
    orders = (order for order in permutations(range(len(graph.ops))) if broken_by(graph, order) is None)
    assert found.after == min(peak(reordered(graph, order), rules) for order in orders)


@given(dags(most=30), st.sampled_from(SHARING))
@settings(deadline=None)
def test_the_ops_can_run_in_the_order_and_the_peak_is_what_it_says(graph: Graph, rules: ArenaRules) -> None:
    found = lower_peak_order(graph, rules)
    assert broken_by(graph, found.order) is None
    assert found.before == peak(graph, rules)
    assert found.after == peak(reordered(graph, found.order), rules) <= found.before
    if found.after == found.before:
        assert found.order == tuple(range(len(graph.ops)))


BRANCHES = """g (float[4096] x) => (float[16] y) <int64[1] z = {0}, int64[1] n = {16}> {
    wide = Foo (x)
    broad = Foo (x)
    a = Slice (wide, z, n)
    b = Slice (broad, z, n)
    y = Add (a, b)
}"""


def sized(text: str) -> Graph:
    """The graph with the values of Foo as large as its input."""
    graph = parse_text(text)
    known = {name: Value(name, DType.FLOAT32, (4096,)) for op in graph.ops if op.type == "Foo" for name in op.outputs}
    values = {**graph.values, **known, "a": Value("a", DType.FLOAT32, (16,)), "b": Value("b", DType.FLOAT32, (16,))}
    return Graph("g", "onnx", graph.ops, values, graph.inputs, graph.outputs)


def test_a_branch_is_ended_before_the_next_one_begins() -> None:
    graph = sized(BRANCHES)
    found = lower_peak_order(graph, ArenaRules())
    assert found == Order((0, 2, 1, 3, 4), 3 * 16384, 2 * 16384 + 64)
    again = reordered(graph, found.order)
    assert [op.name for op in again.ops] == ["wide", "a", "broad", "b", "y"]
    assert plan_pool(again, ArenaRules()).arena.size < plan_pool(graph, ArenaRules()).arena.size


def test_an_op_that_writes_over_its_input_waits_for_the_others_that_read_it() -> None:
    graph = sized(BRANCHES.replace("broad = Foo (x)", "broad = Foo (wide)"))
    found = lower_peak_order(graph, ArenaRules(shared=lambda graph: {"broad": "wide"}))
    assert found.order.index(2) > found.order.index(1)


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ((0, 1, 2, 3), "not every op comes once"),
        ((0, 1, 2, 3, 3), "not every op comes once"),
        ((2, 0, 1, 3, 4), "'a' reads 'wide' before it is made"),
        ((1, 0, 3, 2, 4), None),
    ],
)
def test_the_reason_says_why_ops_cannot_run_in_an_order(order: tuple[int, ...], reason: str | None) -> None:
    graph = sized(BRANCHES)
    assert broken_by(graph, order) == reason
    if reason is not None:
        with pytest.raises(ValueError, match=reason):
            reordered(graph, order)


def test_ops_with_an_effect_keep_their_order() -> None:
    graph = sized(
        BRANCHES.replace("Slice (wide, z, n)", "Bernoulli (wide)").replace("Slice (broad, z, n)", "Bernoulli (broad)")
    )
    assert broken_by(graph, (1, 3, 0, 2, 4)) == "'b' comes before 'a', whose effect it may depend on"
    assert lower_peak_order(graph, ArenaRules()).order == (0, 2, 1, 3, 4)


def test_what_a_body_reads_is_made_before_its_op() -> None:
    graph = parse_text(
        """g (bool c, float[16] x) => (float[16] y) {
            p = Neg (x)
            y = If (c) <
                then_branch = t () => (float[16] a) { a = Relu (p) },
                else_branch = e () => (float[16] b) { b = Abs (x) }
            >
        }"""
    )
    assert broken_by(graph, (1, 0)) == "'y' reads 'p' before it is made"


def test_a_chain_has_only_one_order() -> None:
    values = {f"v{i}": Value(f"v{i}", DType.FLOAT32, (64,)) for i in range(2001)}
    ops = tuple(Op(f"op{i}", "Foo", (f"v{i}",), ("X",), (f"v{i + 1}",)) for i in range(2000))
    graph = Graph("g", "onnx", ops, values, ("v0",), ("v2000",))
    assert lower_peak_order(graph, ArenaRules()) == Order(tuple(range(2000)), 512, 512)
