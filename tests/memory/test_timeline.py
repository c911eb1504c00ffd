from __future__ import annotations

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.memory.arena import pack
from edgeplan.memory.lifetimes import ArenaRules, Buffer
from edgeplan.memory.pool import Pool, plan_pool
from edgeplan.memory.timeline import Timeline, timeline

RESIDUAL = """g (float[1,8,8,8] x) => (y) <int64[4] s = {16, 8, 1, 1}, int64[4] t = {8, 16, 1, 1}> {
    a = Relu (x)
    w = ConstantOfShape (s)
    b = Conv (a, w)
    [gate] c = Sigmoid (b)
    v = ConstantOfShape (t)
    d = Conv (c, v)
    y = Add (a, d)
}"""


def line(text: str, rules: ArenaRules | None = None) -> Timeline:
    graph = parse_text(text)
    return timeline(graph, (plan_pool(graph, rules or ArenaRules()),))


def test_bytes_alive_are_summed_op_by_op() -> None:
    found = line("g (float[16] x) => (d) { a = Relu (x) b = Neg (a) c = Abs (b) d = Add (a, c) }")
    assert found.live == (128, 128, 192, 192)
    assert (found.peak, found.steps, found.step) == (192, (2, 3), 2)


def test_the_peak_names_its_op_and_what_each_buffer_is_to_it() -> None:
    found = line(RESIDUAL)
    assert (found.op, found.type) == ("gate", "Sigmoid")
    assert [(h.value, h.size, h.use) for h in found.held] == [
        ("b", 4096, "input"),
        ("c", 4096, "output"),
        ("a", 2048, "waiting"),
    ]


def test_scratch_and_states_are_told_from_tensors() -> None:
    rules = ArenaRules(scratch=lambda graph, i: (640,) if i == 0 else (), states=lambda graph: {"memory": 320})
    found = line("g (float[16] x) => (y) { [only] y = Relu (x) }", rules)
    assert [(h.value, h.size, h.use, h.role) for h in found.held] == [
        ("only", 640, "scratch", "scratch"),
        ("memory", 320, "state", "state"),
        ("x", 64, "input", "activation"),
        ("y", 64, "output", "activation"),
    ]


def test_what_the_runtime_keeps_is_told_from_what_still_waits_for_an_op() -> None:
    text = """g (float[16] x) => (early, y) {
        early = Relu (x)
        a = Neg (x)
        b = Abs (a)
        c = Concat <axis = 0> (b, b, b, b)
        y = Concat <axis = 0> (a, c)
    }"""
    found = line(text, ArenaRules(inputs_stay=True))
    assert found.step == 4
    assert {h.value: h.use for h in found.held} == {
        "c": "input", "y": "output", "a": "input", "x": "kept", "early": "kept",
    }  # fmt: skip


def test_an_input_that_a_later_op_reads_waits() -> None:
    found = line("g (float[64] x, float[64] late) => (y) { a = Relu (x) y = Add (a, late) }")
    assert found.step == 0
    assert {h.value: h.use for h in found.held} == {"x": "input", "a": "output", "late": "waiting"}


def test_what_is_read_through_a_view_is_an_input() -> None:
    found = line(
        """g (float[4,4] x) => (z) <int64[1] s = {16}> {
            a = Relu (x)
            v = Reshape (a, s)
            z = Concat <axis = 0> (v, v, v)
        }"""
    )
    assert found.type == "Concat"
    assert {h.value: h.use for h in found.held} == {"z": "output", "a": "input"}


def test_pools_add_up_and_each_buffer_keeps_the_name_of_its_own() -> None:
    graph = parse_text("g (float[16] x) => (y) { a = Relu (x) y = Neg (a) }")
    one = Pool("one", pack([Buffer("x", 0, 0, 64), Buffer("a", 0, 1, 64)], 2))
    two = Pool("two", pack([Buffer("y", 1, 1, 128)], 2))
    found = timeline(graph, (one, two))
    assert found.live == (128, 192)
    assert [(h.value, h.pool) for h in found.held] == [("y", "two"), ("a", "one")]


def test_a_graph_without_ops_has_no_peak() -> None:
    graph = Graph("g", "onnx", (), {}, (), ())
    assert timeline(graph, (plan_pool(graph, ArenaRules()),)) == Timeline((), 0, (), "", "", ())
    assert timeline(graph, ()).step == 0


def test_a_value_whose_buffer_is_there_before_it_is_made_names_its_maker() -> None:
    graph = parse_text("g (float[16] x) => (y) { a = Relu (x) b = Neg (a) y = Abs (b) }")
    early = Pool("early", pack([Buffer("x", 0, 2, 64), Buffer("a", 0, 1, 64), Buffer("y", 0, 2, 64)], 3))
    assert timeline(graph, (early,)).makers == {"y": 2}
    assert timeline(graph, (plan_pool(graph, ArenaRules()),)).makers == {}
