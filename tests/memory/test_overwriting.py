from __future__ import annotations

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.memory.lifetimes import ArenaRules
from edgeplan.memory.overwriting import joined, overwritten
from edgeplan.memory.pool import Pool, plan_pool
from edgeplan.memory.roots import roots

GATED = """g (float[1,8,4,4] x) => (y) <int64[4] s = {8, 8, 1, 1}, int64[2] flat = {8, 16}> {
    w = ConstantOfShape (s)
    a = Conv (x, w)
    b = Sigmoid (a)
    c = Mul (a, b)
    r = Reshape (c, flat)
    d = Relu (r)
    y = MatMul (d, x)
}"""


def planned(text: str = GATED) -> tuple[Graph, Pool]:
    graph = parse_text(text)
    return graph, plan_pool(graph, ArenaRules())


def test_a_view_lies_in_the_buffer_of_what_it_looks_at() -> None:
    graph, pool = planned()
    found = roots(graph, (pool,))
    assert found["r"] == "c"
    assert all(found[name] == name for name in "xabcd")


def test_a_result_can_lie_on_an_input_read_for_the_last_time() -> None:
    graph, pool = planned()
    assert overwritten(graph, (pool,)) == {"c": "a", "d": "c"}  # a is still read when b is made


def test_inputs_and_outputs_of_the_graph_are_never_written_over() -> None:
    graph, pool = planned("g (float[64] x) => (y) { y = Relu (x) }")
    assert overwritten(graph, (pool,)) == {}


def test_only_what_is_as_large_is_written_over() -> None:
    graph, pool = planned("g (float[1] x, float[64] v) => (z) { a = Neg (x) b = Add (a, v) z = Exp (b) }")
    assert "b" not in overwritten(graph, (pool,))


def test_joined_buffers_live_from_the_first_to_the_last() -> None:
    graph, pool = planned()
    found = {b.value: b for b in joined(pool, overwritten(graph, (pool,)))}
    before = {b.value: b for b in pool.arena.buffers}
    assert found.keys() == before.keys() - {"c", "d"}
    assert (found["a"].born, found["a"].dies) == (before["a"].born, before["d"].dies)
