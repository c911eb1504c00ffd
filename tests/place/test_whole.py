"""Parts that a runtime hands to one unit after the other."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given

from edgeplan.capability.rows import Whole
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.place.partition import UNKNOWN, place
from edgeplan.target import Target
from tests.place.dags import dags

BEHIND = Whole(("Cast",), {"paper": "says so"}, {"input.from": "weight"})
"""As LiteRT's GPU treats the DEQUANTIZE of float16 weights."""


def thinned(toy: Callable[..., Target], **partitions: object) -> Target:
    """Neg on the CPU, Selu and all below on the GPU, the rest on the NPU first, whose parts are thinned out."""

    def row(unit: str, ops: str, verdict: str) -> str:
        return f'id = "{unit}-{verdict}"\nops = [{ops}]\nunit = ["{unit}"]\nverdict = "{verdict}"'

    rows = (
        row("npu", '"Neg", "Selu"', "refuses"),
        row("npu", '"Relu", "Abs", "Add", "Cast"', "runs"),
        row("gpu", '"Neg"', "refuses"),
        row("gpu", '"*"', "runs"),
        row("cpu", '"*"', "runs"),
    )
    return toy(*rows, units=("npu", "gpu", "cpu"), partitions={"npu": partitions})


TEXT = """g (float[4] x) => (y) <float16[4] w = {{1,1,1,1}}> {{
    u = Cast <to = 1> (w)  a = Relu (x)  b = {} (a)  y = Add (b, u) }}"""


def test_ops_that_only_go_with_all_the_others_do(toy: Callable[..., Target]) -> None:
    placement = place(parse_text(TEXT.format("Abs")), thinned(toy, whole=BEHIND))
    assert placement.units == ("npu", "npu", "npu", "npu")
    assert placement.left == {}


def test_they_stay_behind_when_one_op_does(toy: Callable[..., Target]) -> None:
    placement = place(parse_text(TEXT.format("Neg")), thinned(toy, whole=BEHIND))
    assert placement.units == ("gpu", "npu", "cpu", "npu")
    assert placement.left == {0: "npu"}


def test_they_are_no_bridge_between_parts(toy: Callable[..., Target]) -> None:
    text = """g (float[4] x) => (z) <float16[4] w = {1,1,1,1}> {
        a = Relu (x)  u = Cast <to = 1> (w)  b = Add (a, u)  c = Abs (b)  y = Neg (c)  z = Relu (y) }"""
    placement = place(parse_text(text), thinned(toy, most=1, whole=BEHIND))
    assert placement.units == ("gpu", "gpu", "npu", "npu", "cpu", "gpu")


def test_only_what_the_condition_holds_for_stays_behind(toy: Callable[..., Target]) -> None:
    text = "g (float16[4] x) => (c) { a = Cast <to = 1> (x) b = Relu (a) c = Neg (b) }"
    assert place(parse_text(text), thinned(toy, whole=BEHIND)).units == ("npu", "npu", "cpu")


def test_a_part_that_was_handed_over_is_not_cut_for_the_next_unit(toy: Callable[..., Target]) -> None:
    # With every op on its own the NPU's would be reached twice: before the CPU's, and after the GPU's behind it.
    text = """g (float[4] x) => (y) {
        n = Neg (x)  s = Selu (n)  a = Relu (x)  b = Abs (a)  c = Add (b, s)  t = Neg (s)  y = Add (c, t) }"""
    graph = parse_text(text)
    kept = place(graph, thinned(toy, most=1))
    assert [i for i, unit in enumerate(kept.units) if unit == "npu"]
    assert sum(s.unit == "npu" for s in kept.segments) == 1


@pytest.mark.parametrize("rule", [{"most": 1}, {"least": 2}, {"head": True}, {"most": 2, "least": 2}])
@given(graph=dags())
def test_segments_still_hold_every_op_once_in_an_order_that_runs(
    toy: Callable[..., Target], rule: dict[str, object], graph: Graph
) -> None:
    placement = place(graph, thinned(toy, **rule))
    assert sorted(i for s in placement.segments for i in s.ops) == list(range(len(graph.ops)))
    home = {i: n for n, s in enumerate(placement.segments) for i in s.ops}
    for i, op in enumerate(graph.ops):
        assert all(home[graph.producer[n]] <= home[i] for n in op.inputs if n in graph.producer)
    for segment in placement.segments:
        assert all(placement.units[i] in (segment.unit, UNKNOWN) for i in segment.ops)
    if rule == {"most": 1} and UNKNOWN not in placement.units:
        assert sum(s.unit == "npu" for s in placement.segments) <= 1
    assert all(a.unit != b.unit for a, b in pairwise(placement.segments))
