from __future__ import annotations

from collections.abc import Callable
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph, Value
from edgeplan.place.partition import UNKNOWN, place
from edgeplan.target import Target
from tests.place.dags import dags

UNIT_OF = {"Relu": "npu", "Abs": "gpu", "Neg": "cpu", "Sum": "npu"}
"""What the rows below make of an op; `Foo` is in none."""


@pytest.fixture(scope="session")
def target(toy: Callable[..., Target]) -> Target:
    """Relu and Sum on the NPU, Abs on the GPU, Neg on the CPU, Selu nowhere, Foo unknown."""

    def row(unit: str, ops: str, verdict: str) -> str:
        return f'id = "{unit}-{verdict}"\nops = [{ops}]\nunit = ["{unit}"]\nverdict = "{verdict}"'

    return toy(
        row("npu", '"Relu", "Sum"', "runs"),
        row("npu", '"Abs", "Neg", "Selu"', "refuses"),
        row("gpu", '"Abs"', "runs"),
        row("gpu", '"Neg", "Selu"', "refuses"),
        row("cpu", '"Relu", "Abs", "Neg", "Foo", "Sum"', "runs"),
        row("cpu", '"Selu"', "refuses"),
        units=("npu", "gpu", "cpu"),
    )


def test_an_op_goes_to_the_first_unit_that_takes_it(target: Target) -> None:
    graph = parse_text("g (float[4] x) => (d) { a = Relu (x) b = Abs (a) c = Neg (b) d = Selu (c) }")
    assert place(graph, target).units == ("npu", "gpu", "cpu", "")


def test_an_op_is_unknown_when_a_preferred_unit_is(target: Target) -> None:
    graph = parse_text("g (float[4] x) => (b) { a = Relu (x) b = Foo (a) }")
    placement = place(graph, target)
    assert placement.units == ("npu", UNKNOWN)
    assert [s.verdict.value for s in placement.support[1]] == ["unknown", "unknown", "runs"]


def test_an_unknown_op_stays_with_its_producer(target: Target) -> None:
    graph = parse_text("g (float[4] x) => (c) { a = Neg (x) b = Foo (a) c = Neg (b) }")
    placement = place(graph, target)
    assert [(s.unit, s.ops) for s in placement.segments] == [("cpu", (0, 1, 2))]
    assert placement.crossings == ()


def test_branches_on_one_unit_are_one_segment(target: Target) -> None:
    graph = parse_text(
        """g (float[4] x) => (y) {
            a = Relu (x)  b = Neg (a)
            c = Relu (x)  d = Neg (c)
            y = Sum (b, d)
        }"""
    )
    assert [(s.unit, s.ops) for s in place(graph, target).segments] == [
        ("npu", (0, 2)),
        ("cpu", (1, 3)),
        ("npu", (4,)),
    ]


def test_a_value_crosses_once_for_each_unit_that_reads_it(target: Target) -> None:
    graph = parse_text(
        """g (float[2,4] x) => (b, c, d, e) {
            a = Relu (x)
            b = Neg (a)  c = Neg (a)
            d = Abs (a)  e = Relu (a)
        }"""
    )
    crossings = place(graph, target).crossings
    assert [(c.value, c.source, c.target, c.bytes) for c in crossings] == [
        ("a", "npu", "cpu", 32),
        ("a", "npu", "gpu", 32),
    ]


def test_inputs_and_weights_cross_nothing(target: Target) -> None:
    graph = parse_text("g (float[4] x) => (a, b) <float[4] w = {1, 2, 3, 4}> { a = Sum (x, w) b = Neg (x) }")
    assert place(graph, target).crossings == ()


def test_an_unsized_crossing_is_kept_without_bytes(target: Target) -> None:
    graph = parse_text("g (float[N] x) => (b) { a = Relu (x) b = Neg (a) }")
    assert [c.bytes for c in place(graph, target).crossings] == [None]


def test_an_empty_graph_has_no_segment(target: Target) -> None:
    assert place(Graph("g", "onnx", (), {"x": Value("x")}, ("x",), ("x",)), target).segments == ()


def test_the_largest_parts_are_kept(toy: Callable[..., Target]) -> None:
    graph = parse_text(
        "g (float[4] x) => (e) { a = Relu (x) b = Neg (a) c = Relu (b) d = Relu (c) n = Neg (d) e = Relu (n) }"
    )
    placement = place(graph, thinned(toy, most=1))
    assert placement.units == ("cpu", "cpu", "npu", "npu", "cpu", "cpu")
    assert placement.left == {0: "npu", 5: "npu"}


def test_small_parts_are_left_out(toy: Callable[..., Target]) -> None:
    graph = parse_text("g (float[4] x) => (d) { a = Relu (x) b = Neg (a) c = Relu (b) d = Relu (c) }")
    assert place(graph, thinned(toy, least=2)).units == ("cpu", "cpu", "npu", "npu")


def test_nothing_behind_the_first_op_left_out_is_taken(toy: Callable[..., Target]) -> None:
    graph = parse_text("g (float[4] x) => (d) { a = Relu (x) b = Neg (a) c = Relu (b) d = Relu (c) }")
    assert place(graph, thinned(toy, head=True)).units == ("npu", "cpu", "cpu", "cpu")


def test_parts_that_do_no_work_stay_with_their_neighbours(toy: Callable[..., Target]) -> None:
    text = "g (float[4] x) => (c) <int64[2] s = {2,2}> { a = Neg (x) b = Reshape (a, s) c = Neg (b) }"
    assert place(parse_text(text), thinned(toy, idle=("Reshape",))).units == ("cpu", "cpu", "cpu")
    working = text.replace("Reshape (a, s)", "Relu (a)")
    assert place(parse_text(working), thinned(toy, idle=("Reshape",))).units == ("cpu", "npu", "cpu")


def test_kept_parts_keep_their_unit_when_nothing_is_refused(toy: Callable[..., Target]) -> None:
    graph = parse_text("g (float[4] x) => (b) { a = Relu (x) b = Relu (a) }")
    placement = place(graph, thinned(toy, most=1, least=2, head=True))
    assert placement.units == ("npu", "npu")
    assert placement.left == {}


def thinned(toy: Callable[..., Target], **partitions: object) -> Target:
    """Neg on the CPU, everything else on the NPU, whose parts the runtime thins out."""

    def row(unit: str, ops: str, verdict: str) -> str:
        return f'id = "{unit}-{verdict}"\nops = [{ops}]\nunit = ["{unit}"]\nverdict = "{verdict}"'

    rows = row("npu", '"Neg"', "refuses"), row("npu", '"*"', "runs"), row("cpu", '"*"', "runs")
    return toy(*rows, partitions={"npu": partitions})


@given(dags())
def test_segments_hold_every_op_once_in_an_order_that_runs(target: Target, graph: Graph) -> None:
    placement = place(graph, target)
    segments = placement.segments
    assert sorted(i for s in segments for i in s.ops) == list(range(len(graph.ops)))
    home = {i: n for n, s in enumerate(segments) for i in s.ops}
    for i, op in enumerate(graph.ops):
        for name in op.inputs:
            assert home.get(graph.producer.get(name, i), 0) <= home[i]
    assert all(a.unit != b.unit for a, b in pairwise(segments))
    for segment in segments:
        assert all(placement.units[i] in (segment.unit, UNKNOWN) for i in segment.ops)


@given(dags())
def test_crossings_are_the_values_that_change_units(target: Target, graph: Graph) -> None:
    placement = place(graph, target)
    unit = {i: s.unit for s in placement.segments for i in s.ops}
    expected = {
        (name, unit[graph.producer[name]], unit[i])
        for i, op in enumerate(graph.ops)
        for name in op.inputs
        if name in graph.producer and unit[graph.producer[name]] != unit[i]
    }
    assert {(c.value, c.source, c.target) for c in placement.crossings} == expected
    assert len(placement.crossings) == len(expected)


@given(st.lists(st.sampled_from(["Relu", "Abs", "Neg"]), min_size=1, max_size=20))
def test_a_chain_has_one_segment_for_each_change_of_unit(target: Target, kinds: list[str]) -> None:
    chain = " ".join(f"v{i + 1} = {kind} (v{i})" for i, kind in enumerate(kinds))
    graph = parse_text(f"g (float[4] v0) => (v{len(kinds)}) {{ {chain} }}")
    assert [s.unit for s in place(graph, target).segments] == [u for u, _ in groupby(UNIT_OF[k] for k in kinds)]
