from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.place.groups import provider_groups
from edgeplan.place.partition import place
from edgeplan.target import Target
from tests.place.dags import dags


def groups(text: str, *others: str) -> list[list[str]]:
    """The groups of all ops but the named ones, by the names of their ops."""
    graph = parse_text(text)
    mine = [op.name not in others for op in graph.ops]
    return [[graph.ops[i].name for i in group] for group in provider_groups(graph, mine)]


CHAIN = "g (float[4] x) => (float[4] d) { [A] a = Relu (x) [B] b = Neg (a) [C] c = Abs (b) [D] d = Relu (c) }"
BESIDE = (
    "g (float[4] x, float[4] z) => (float[4] d) { [A] a = Relu (x) [B] b = Neg (z) [C] c = Add (a, b) [D] d = Abs (c) }"
)


def test_an_op_that_reads_from_the_group_ends_it() -> None:
    assert groups(CHAIN, "B") == [["A"], ["C", "D"]]
    assert groups(CHAIN) == [["A", "B", "C", "D"]]


def test_an_op_that_reads_nothing_of_it_runs_beforehand() -> None:
    assert groups(BESIDE, "B") == [["A", "C", "D"]]


def test_nothing_is_no_group() -> None:
    assert groups(CHAIN, "A", "B", "C", "D") == []


@pytest.mark.parametrize("grouping", ["litert", "onnxruntime"])
def test_a_plan_counts_the_parts_as_its_runtime_does(toy: Callable[..., Target], grouping: str) -> None:
    rows = (
        'id = "not"\nops = ["Neg"]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "It cannot."',
        'id = "npu"\nops = ["Relu", "Abs", "Add"]\nunit = ["npu"]\nverdict = "runs"',
        'id = "cpu"\nops = ["*"]\nunit = ["cpu"]\nverdict = "runs"',
    )
    target = toy(*rows, partitions={"npu": {"grouping": grouping}})
    found = place(parse_text(BESIDE), target)
    assert [s.unit for s in found.segments if s.unit == "npu"] == ["npu"] * (1 if grouping == "onnxruntime" else 2)


@given(dags(), st.data())
def test_groups_can_run_one_after_the_other(graph: Graph, data: st.DataObject) -> None:
    """No op outside a group lies on a way from the group back into it, and every op of the unit is in one group."""
    count = len(graph.ops)
    mine = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    found = provider_groups(graph, mine)
    assert sorted(i for group in found for i in group) == [i for i in range(count) if mine[i]]
    for group in found:
        inside, tainted = set(group), set[int]()
        for i, op in enumerate(graph.ops):
            makers = {graph.producer[n] for n in op.inputs if n in graph.producer}
            if i not in inside and makers & (inside | tainted):
                tainted.add(i)
            assert i not in inside or not makers & tainted
