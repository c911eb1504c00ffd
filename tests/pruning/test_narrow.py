from __future__ import annotations

import pytest

from edgeplan.cost.work import work_of
from edgeplan.pruning.narrow import narrow
from edgeplan.pruning.reform import Kept
from tests.pruning.networks import chain, residual
from tests.pruning.units import Found, find


def test_nothing_gone_is_nothing_changed() -> None:
    for structure in (chain(), residual()):
        assert narrow(Kept(structure, structure.all_kept)) == structure.graph


def test_sizes_follow_from_the_choice() -> None:
    found = Found(residual())
    graph = found.narrowed(s=[0, 5, 7], c1=[1])
    shapes = {n: graph.values[n].shape for n in ("w0", "s", "w1", "c1", "w2", "a", "w3", "y")}
    assert shapes == {
        "w0": (3, 16, 1, 1), "s": (1, 3, 8, 8), "w1": (1, 3, 1, 1), "c1": (1, 1, 8, 8), "w2": (3, 1, 1, 1),
        "a": (1, 3, 8, 8), "w3": (8, 3, 1, 1), "y": (1, 8, 8, 8),
    }  # fmt: skip
    assert sum(work_of(graph, op).macs or 0 for op in graph.ops) == 64 * (3 * 16 + 3 + 3 + 8 * 3)


@pytest.mark.parametrize(
    ("groups", "ins", "outs", "kept", "left"),
    [(6, 6, 12, [1, 4], 2), (3, 6, 3, [2], 1), (2, 6, 4, [0, 2], 2)],
    ids=["each by itself", "whole groups", "of each group"],
)
def test_convolutions_have_as_many_groups_as_are_left(
    groups: int, ins: int, outs: int, kept: list[int], left: int
) -> None:
    found = find(
        "(float[1,3,8,8] x) => (float[1,2,8,8] y)",
        f"b = Conv (x, w) c = Conv <group = {groups}> (b, v) y = Conv (c, z)",
        w=(ins, 3, 1, 1), v=(outs, ins // groups, 1, 1), z=(2, outs, 1, 1),
    )  # fmt: skip
    graph = found.narrowed(b=kept)
    op = next(o for o in graph.ops if o.name == "c")
    assert op.attrs["group"] == left
    shape, before = graph.values["v"].sizes, graph.values["b"].sizes
    assert shape is not None
    assert before is not None
    assert shape[1] * left == before[1]
    assert shape[0] % left == 0


def test_small_constants_keep_the_numbers_that_are_left() -> None:
    found = find(
        "(float[1,3,8,8] x) => (float[1,2,8,8] y)",
        "b = Constant <value = float[4,1,1] {1.0, 2.0, 3.0, 4.0}> () a = Conv (x, w) c = Add (a, b) y = Conv (c, z)",
        w=(4, 3, 1, 1), z=(2, 4, 1, 1),
    )  # fmt: skip
    graph = found.narrowed(a=[3, 1])
    assert (graph.values["b"].shape, graph.values["b"].data) == ((2, 1, 1), (2.0, 4.0))
