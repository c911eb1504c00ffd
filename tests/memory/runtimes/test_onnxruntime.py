from __future__ import annotations

from collections.abc import Sequence

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.plan import MemoryPlan, plan_memory
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.onnxruntime import working_buffer
from edgeplan.memory.term import Term
from edgeplan.target import resolve

CONV = """g (float[1,{c},{h},{h}] x) => (float[1,{f},{h},{h}] y) <int64[4] s = {{{f},{k},3,3}}> {{
    w = ConstantOfShape (s) y = Conv <pads = [1,1,1,1], group = {g}> (x, w) }}"""


def constant(kind: str, size: int) -> str:
    """An initializer w of ones, in ONNX text."""
    return f"{kind} w = {{{','.join(['1'] * size)}}}"


HALF = f"g (float16[1,8] x) => (float16[1,4] y) <{constant('float16[8,4]', 32)}> {{ y = MatMul (x, w) }}"
MLP = f"g (float[1,8] x) => (float[1,8] y) <{constant('float[8,8]', 64)}> {{ a = MatMul (x, w) y = Relu (a) }}"


def graph(text: str) -> Graph:
    return parse_text(f'<ir_version: 8, opset_import: ["" : 18]>\n{text}')


def plan(text: str, units: Sequence[str] = ()) -> MemoryPlan:
    found = graph(text)
    target = resolve("iphone14pro", "onnxruntime-coreml", "1.31")
    return plan_memory(Deployment(found, target, tuple(units) or ("cpu",) * len(found.ops), ()))


def term(found: MemoryPlan, name: str) -> Term:
    return next(t for t in found.terms if t.name == name)


def test_weights_are_exact_and_float16_ones_may_be_widened() -> None:
    assert term(plan(MLP), "weights").size == Range.exactly(8 * 8 * 4)
    assert term(plan(HALF), "weights").size == Range(64, 128, 128)


def test_the_arena_is_at_least_what_is_alive_and_at_most_what_the_allocator_takes() -> None:
    arena = term(plan("g (float[64,4096] x) => (float[64,4096] y) { a = Sin (x) b = Cos (a) y = Sin (b) }"), "arena")
    assert arena.size.low == 2 * 2**20
    assert arena.size.low <= arena.size.likely <= arena.size.high
    assert arena.size.high >= 3 * 2**20
    assert arena.phase == "run"


def test_inputs_are_the_callers_and_not_in_the_arena() -> None:
    found = plan("g (float[64,4096] x) => (float[1] y) { a = Relu (x) y = ReduceMax <keepdims = 0> (a) }")
    assert term(found, "inputs").size == Range.exactly(2**20)
    assert "x" not in {b.value for pool in found.pools for b in pool.arena.buffers}


def test_loading_and_running_are_told_apart() -> None:
    found = plan(MLP)
    assert term(found, "loading").phase == "load"
    assert found.load.likely == sum(term(found, n).size.likely for n in ("weights", "session", "loading"))
    assert found.run.likely == sum(term(found, n).size.likely for n in ("weights", "session", "arena", "inputs"))


@pytest.mark.parametrize("name", ["weights", "session", "arena", "loading"])
def test_a_term_says_how_it_comes_about(name: str) -> None:
    found = term(plan(HALF), name)
    assert found.basis
    assert found.evidence


def test_a_convolution_makes_loading_take_more() -> None:
    weight = constant("float[8,8,3,3]", 576)
    conv = plan(f"g (float[1,8,8,8] x) => (float[1,8,6,6] y) <{weight}> {{ y = Conv (x, w) }}")
    assert term(conv, "weights").size.likely == 576 * 4
    assert term(conv, "loading").size.likely > 576 * 4
    assert term(plan(MLP), "loading").size.likely < 8 * 8 * 4


def test_what_core_ml_runs_is_held_apart_and_its_weights_again() -> None:
    found = plan(MLP, ["mlprogram", "mlprogram"])
    inner = next(p for p in found.pools if p.name == "Core ML arena")
    assert {b.value for b in inner.arena.buffers} == {"a"}
    assert {b.value for b in found.pools[0].arena.buffers} == {"y"}
    copy = term(found, "Core ML copy")
    assert (copy.size.low, copy.size.likely) == (0, 8 * 8 * 4)
    assert "Core ML copy" not in {t.name for t in plan(MLP).terms}


@pytest.mark.parametrize(
    ("shape", "threads", "size"),
    [
        ({"c": 8, "h": 64, "f": 8, "k": 8, "g": 1}, 1, 65536),
        ({"c": 8, "h": 64, "f": 8, "k": 8, "g": 1}, 4, 4 * 65536),
        ({"c": 64, "h": 4, "f": 64, "k": 64, "g": 1}, 4, 16 * 64 * 9 * 4),
        ({"c": 8, "h": 64, "f": 8, "k": 1, "g": 8}, 1, 64 * 64 * 9 * 4),
        ({"c": 8, "h": 64, "f": 8, "k": 1, "g": 8}, 2, 2 * 64 * 64 * 9 * 4),
    ],
    ids=["a segment", "one a thread", "more filters than places", "grouped", "grouped, two threads"],
)
def test_the_matrix_of_a_convolution(shape: dict[str, int], threads: int, size: int) -> None:
    found = graph(CONV.format(**shape))
    assert working_buffer(found, next(op for op in found.ops if op.type == "Conv"), threads) == size


def test_a_pointwise_convolution_needs_no_matrix() -> None:
    text = """g (float[1,8,4,4] x) => (float[1,8,4,4] y) <int64[4] s = {8,8,1,1}> {
        w = ConstantOfShape (s) y = Conv (x, w) }"""
    found = graph(text)
    assert working_buffer(found, found.ops[-1], 1) == 0


def test_weights_that_the_cpu_expands_for_core_ml_are_floats_there() -> None:
    text = f"""g (float[1,8] x) => (float[1,8] y) <{constant("int8[8,8]", 64)}, float s = {{0.1}}>
    {{ d = DequantizeLinear (w, s) y = MatMul (x, d) }}"""
    assert term(plan(text, ["cpu", "mlprogram"]), "expanded weights").size == Range.exactly(8 * 8 * 4)
    assert all(t.name != "expanded weights" for t in plan(text).terms)


def test_a_body_is_planned_with_its_op() -> None:
    text = """g (bool c, float[64,4096] x) => (float[64,4096] y) {
        y = If (c) <then_branch = t () => (float[64,4096] a) { b = Sin (x) a = Cos (b) },
                    else_branch = e () => (float[64,4096] a) { a = Sin (x) }> }"""
    assert plan(text).pools[0].arena.size >= 3 * 2**20
