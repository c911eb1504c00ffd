from __future__ import annotations

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType, Graph, Op, Value
from edgeplan.lower import lower_to
from edgeplan.memory.deployment import constants
from edgeplan.memory.lifetimes import ArenaRules, Buffer, Lifetimes, lifetimes
from edgeplan.memory.pool import Pool, plan_pool


def weights(graph: Graph) -> int:
    return sum(v.bytes or 0 for v in constants(graph).values())


def pool(graph: Graph) -> Pool:
    return plan_pool(graph, ArenaRules())


def alive(graph: Graph, body: tuple[int, tuple[str, ...]] = (0, ())) -> Lifetimes:
    return lifetimes(graph, ArenaRules(), lambda graph: body)


def lives(text: str) -> dict[str, tuple[int, int, int]]:
    """Value to (born, dies, size)."""
    found = alive(parse_text(text))
    return {b.value: (b.born, b.dies, b.size) for b in found.buffers}


def test_a_value_lives_from_its_op_to_its_last_reader() -> None:
    found = lives("g (float[16] x) => (d) { a = Relu (x) b = Neg (a) c = Abs (b) d = Add (a, c) }")
    assert found == {"x": (0, 0, 64), "a": (0, 3, 64), "b": (1, 2, 64), "c": (2, 3, 64), "d": (3, 3, 64)}


def test_outputs_live_to_the_end_and_inputs_from_the_start() -> None:
    found = lives("g (float[16] x, float[16] late) => (a, c) { a = Relu (x) b = Neg (a) c = Add (b, late) }")
    assert found["a"] == (0, 2, 64)
    assert found["late"] == (0, 2, 64)
    assert found["x"] == (0, 0, 64)


def test_a_state_lasts_from_call_to_call_and_one_of_unknown_size_is_named() -> None:
    rules = ArenaRules(states=lambda graph: {"memory": 100, "open": None})
    found = lifetimes(parse_text("g (float[16] x) => (b) { a = Relu (x) b = Neg (a) }"), rules, lambda graph: (0, ()))
    assert [b for b in found.buffers if b.role == "state"] == [Buffer("memory", 0, 1, 128, "state")]
    assert found.unsized == ("open",)


def test_a_value_that_nothing_reads_lives_while_it_is_made() -> None:
    found = lives("g (float[1,4,16] x) => (y) { v, i = MaxPool <kernel_shape = [1]> (x) y = Neg (v) }")
    assert found["i"] == (0, 0, 512)


def test_sizes_are_aligned_to_64_bytes() -> None:
    assert lives("g (float[17] x) => (y) { y = Relu (x) }")["x"][2] == 128


def test_a_view_shares_the_buffer_of_what_it_views() -> None:
    found = lives(
        """g (float[4,4] x) => (z) <int64[1] s = {16}, int64[1] axes = {0}> {
            a = Relu (x)
            v = Reshape (a, s)
            w = Unsqueeze (v, axes)
            z = Neg (w)
        }"""
    )
    assert set(found) == {"x", "a", "z"}
    assert found["a"] == (0, 3, 64)


def test_an_output_that_is_a_view_keeps_its_source_to_the_end() -> None:
    found = lives(
        "g (float[4,4] x) => (v, c) <int64[1] s = {16}> { a = Relu (x) v = Reshape (a, s) b = Neg (x) c = Abs (b) }"
    )
    assert found["a"] == (0, 3, 64)


def test_a_view_of_a_weight_is_no_activation() -> None:
    found = lives(
        "g (float[4] x) => (y) <float[2,2] w = {1, 2, 3, 4}, int64[1] s = {4}> { v = Reshape (w, s) y = Add (x, v) }"
    )
    assert set(found) == {"x", "y"}


def test_constants_are_weights_once_however_often_they_are_read() -> None:
    graph = parse_text(
        "g (float[4] x) => (b) <float[4] w = {1, 2, 3, 4}> { a = Add (x, w) b = Mul (a, w) }",
    )
    assert weights(graph) == 16


def test_a_weight_computed_from_weights_is_kept_as_it_is_used() -> None:
    graph = parse_text(
        """g (float[4,8] x) => (y) <int64[2] s = {16, 8}> {
            w = ConstantOfShape (s)
            t = Transpose (w)
            y = MatMul (x, t)
        }"""
    )
    assert weights(lower_to(graph, "onnx")) == 16 * 8 * 4


def test_sub_byte_weights_are_packed() -> None:
    values = (
        Value("x", DType.FLOAT32, (5,)),
        Value("w", DType.INT4, (5,), const=True),
        Value("y", DType.FLOAT32, (5,)),
    )
    op = Op("op", "Foo", ("x", "w"), ("X", "W"), ("y",))
    graph = Graph("g", "onnx", (op,), {v.name: v for v in values}, ("x",), ("y",))
    assert weights(graph) == 3


def test_a_value_of_unknown_size_is_named_and_left_out() -> None:
    memory = pool(parse_text("g (float[16] x, bool[16] m) => (z) { y = Compress (x, m) z = Neg (y) }"))
    assert memory.unsized == ("y", "z")
    assert memory.arena.size == 128


LOOP = """g (int64 n, bool c, float[16] x) => (float[16] y) {
    y = Loop (n, c, x) <
        body = b (int64 i, bool on, float[16] s) => (bool go, float[16] t) {
            go = Identity (on)
            u = Concat <axis = 0> (s, s)
            v = Concat <axis = 0> (u, u)
            w = ReduceSum <keepdims = 1> (v)
            t = Add (s, w)
        }
    >
}"""


def test_an_op_with_a_body_needs_the_bodys_arena_while_it_runs() -> None:
    graph = parse_text(LOOP)
    scratch = [b for b in alive(graph, (1000, ("lost",))).buffers if b.role == "body"]
    assert scratch == [Buffer("y", 0, 0, 1024, "body")]
    assert alive(graph, (0, ("lost",))).unsized == ("lost",)
    body = graph.ops[0].bodies[0].graph
    inner = pool(body).arena
    assert inner.bound >= 64 + 128 + 256
    assert pool(graph).arena.size >= inner.size + 128


BRANCHES = """g (bool c, float[16] x) => (float[16] y) <int64[1] z = {{0}}, int64[1] n = {{16}}> {{
    y = If (c) <
        then_branch = t () => (float[16] a) {{ a = Relu (x) }},
        else_branch = e () => (float[16] b) {{ p = Concat <axis = 0> ({}) b = Slice (p, z, n) }}
    >
}}"""


def test_branches_exclude_each_other_so_the_larger_one_counts() -> None:
    small, large = (pool(parse_text(BRANCHES.format(parts))).arena for parts in ("x, x", "x, x, x, x"))
    assert large.size - small.size == 2 * 64
