from __future__ import annotations

import pytest

from tests.pruning.ops.test_pick import ints
from tests.pruning.units import find

IMAGE = "(float[1,3,2,2] x) => (float[1,2,?,?] y)"


def test_channels_before_a_flatten_are_rows_of_the_next_weight() -> None:
    for op in ("Flatten (a)", "Reshape (a, s)"):
        found = find(
            "(float[1,3,2,2] x) => (float[1,2] y)", f"{ints(s=[0, -1])} a = Conv (x, w) f = {op} y = MatMul (f, z)",
            w=(3, 3, 1, 1), z=(12, 2),
        )  # fmt: skip
        assert found.axis("f", 1) == "aaaabbbbcccc"
        assert found.weights("a") == {"w.0": 1, "z.0": 4}
        assert found.narrowed(a=[1]).values["f"].shape == (1, 4)


def test_a_shuffle_takes_the_same_channels_of_each_part() -> None:
    found = find(
        IMAGE,
        f"""{ints(s=[1, 2, 3, 2, 2], t=[1, 6, 2, 2])} a = Conv (x, w) r = Reshape (a, s)
        p = Transpose <perm = [0, 2, 1, 3, 4]> (r) c = Reshape (p, t) y = Conv (c, z)""",
        w=(6, 3, 1, 1), z=(2, 6, 1, 1),
    )  # fmt: skip
    assert found.axis("a", 1) == "abcabc"
    assert found.axis("c", 1) == "aabbcc"
    graph = found.narrowed(a=[0, 2])
    assert [graph.values[n].shape for n in "rpc"] == [(1, 2, 2, 2, 2), (1, 2, 2, 2, 2), (1, 4, 2, 2)]
    assert [graph.values[o.inputs[1]].data for o in graph.ops if o.type == "Reshape"] == [(1, 2, 2, 2, 2), (1, 4, 2, 2)]


def test_an_axis_as_before_is_said_anew_where_it_no_longer_is() -> None:
    found = find(
        IMAGE,
        f"""{ints(one=[1], t=[0, 4, 0, -1])} a = Conv (x, w) n = Unsqueeze (a, one) c = Concat <axis = 1> (n, n)
        d = Reshape (c, t) y = Conv (d, z)""", w=(2, 3, 1, 1), z=(2, 4, 1, 1),
    )  # fmt: skip
    graph = found.narrowed(a=[0])
    op = next(o for o in graph.ops if o.type == "Reshape")
    assert graph.values[op.inputs[1]].data == (0, 2, 2, -1)  # axis 2 of what it reads has one index now


def test_what_takes_all_axes_of_one_away_is_told_which() -> None:
    ops = "a = Conv (x, w) p = GlobalAveragePool (a) s = Squeeze (p) y = MatMul (s, z)"
    found = find("(float[2,3,2,2] x) => (float[2,2] y)", ops, w=(4, 3, 1, 1), z=(4, 2))
    graph = found.narrowed(a=[2])
    op = next(o for o in graph.ops if o.type == "Squeeze")
    told = op.input("axes")
    assert told is not None
    assert graph.values[told].data == (2, 3)
    assert graph.values["s"].shape == (2, 1)
    assert all(o.ports == ("data",) for o in found.narrowed(a=[1, 2]).ops if o.type == "Squeeze")


def test_channels_that_are_merged_with_a_free_axis_stay() -> None:
    found = find(
        "(float[1,3,L] x) => (float[?,2] y)",
        f"{ints(s=[-1, 1])} a = Conv (x, w) r = Reshape (a, s) y = MatMul (r, z)", w=(4, 3, 1), z=(1, 2),
    )  # fmt: skip
    assert found.why()["a"] == "it is merged with an axis of a size that is not known"


def test_a_shape_that_is_computed_is_a_refusal() -> None:
    found = find("(float[1,3,4] x, int64[2] s) => (float[?,?] y)", "a = Conv (x, w) y = Reshape (a, s)", w=(4, 3, 1))
    assert found.why()["a"] == "the shape it gets is computed by the model"


@pytest.mark.parametrize(
    ("perm", "axis"), [("[0, 2, 3, 1]", 3), ("[1, 0, 2, 3]", 0), ("[3, 2, 1, 0]", 2)], ids=["last", "first", "turned"]
)
def test_axes_in_another_order(perm: str, axis: int) -> None:
    found = find(
        "(float[1,3,2,2] x) => (float[?,?,?,?] y)",
        f"a = Conv (x, w) t = Transpose <perm = {perm}> (a) b = Transpose <perm = {_back(perm)}> (t) y = Conv (b, z)",
        w=(4, 3, 1, 1), z=(2, 4, 1, 1),
    )  # fmt: skip
    assert found.axis("t", axis) == "abcd"


def _back(perm: str) -> str:
    order = [int(c) for c in perm if c.isdigit()]
    return str([order.index(i) for i in range(len(order))])


def test_more_indices_than_can_be_told_apart_stay() -> None:
    found = find(
        "(float[1,3,4096,4096] x) => (float[1,?] y)",
        "s = Constant <value = int64[2] {1, -1}> () a = Conv (x, w) y = Reshape (a, s)", w=(4, 3, 1, 1),
    )  # fmt: skip
    assert found.why() == {"a": "Reshape makes an axis that is too long to follow"}
