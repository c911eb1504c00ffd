from __future__ import annotations

import pytest

from edgeplan.pruning.narrow import narrow
from edgeplan.pruning.reform import Kept
from tests.pruning.units import find

IMAGE = "(float[1,3,4,4] x) => (float[1,2,?,?] y)"


def ints(**named: list[int]) -> str:
    """Constants of int64, as rows."""
    return " ".join(
        f"{n} = Constant <value = int64[{len(v)}] {{{','.join(map(str, v))}}}> ()" for n, v in named.items()
    )


@pytest.mark.parametrize(
    ("start", "end", "taken", "kept", "told"),
    [
        (0, 3, "abc", [0, 2, 4], (0, 2)),
        (2, 2**31 - 1, "abcd", [0, 2, 4], (1, 3)),
        (-2, 6, "ab", [0, 2, 4], (2, 3)),
        (1, -1, "abcd", [0, 2, 4], (1, 3)),
        (-9, 9, "abcdef", [1, 2], (0, 2)),
    ],
)
def test_a_slice_is_told_where_what_is_left_of_it_lies(
    start: int, end: int, taken: str, kept: list[int], told: tuple[int, int]
) -> None:
    found = find(
        IMAGE,
        f"""{ints(s=[start], e=[end], i=[1])} a = Conv (x, w) c = Slice (a, s, e, i) p = Conv (c, z) q = Conv (a, v)
        y = Add (p, q)""",
        w=(6, 3, 1, 1), z=(2, len(taken), 1, 1), v=(2, 6, 1, 1),
    )  # fmt: skip
    assert found.axis("c", 1) == taken
    choice = found.structure.all_kept.copy()
    labels = found.structure.axes["a"][1]
    choice[[labels[i] for i in range(6) if i not in kept]] = False
    graph = narrow(Kept(found.structure, choice))
    op = next(o for o in graph.ops if o.type == "Slice")
    assert tuple(graph.values[n].data for n in op.inputs[1:3]) == ((told[0],), (told[1],))


def test_what_is_taken_in_steps_stays() -> None:
    found = find(
        IMAGE, f"{ints(s=[0], e=[6], i=[1], t=[2])} a = Conv (x, w) c = Slice (a, s, e, i, t) y = Conv (c, z)",
        w=(6, 3, 1, 1), z=(2, 3, 1, 1),
    )  # fmt: skip
    assert found.why()["a"] == "it is taken in steps"


@pytest.mark.parametrize("split", ["Split <axis = 1, num_outputs = 2> (a)", "Split <axis = 1> (a, l)"])
def test_parts_are_told_their_lengths_where_these_differ(split: str) -> None:
    found = find(
        IMAGE, f"{ints(l=[3, 3])} a = Conv (x, w) b, c = {split} p = Conv (b, z) q = Conv (c, v) y = Add (p, q)",
        w=(6, 3, 1, 1), z=(2, 3, 1, 1), v=(2, 3, 1, 1),
    )  # fmt: skip
    assert (found.axis("a", 1), found.axis("b", 1), found.axis("c", 1)) == ("abcdef", "abc", "abc")
    groups = found.structure.groups
    assert [len(g.units) for g in groups] == [3, 3]
    first = groups[0].units[:1]
    graph = narrow(Kept(found.structure, found.structure.without({0: first})))
    op = next(o for o in graph.ops if o.type == "Split")
    told = op.input("split")
    assert told is not None
    assert graph.values[told].data == ((1, 3) if first[0] in found.structure.axes["b"][1] else (3, 1))
    assert "num_outputs" not in op.attrs


def test_parts_that_meet_lose_the_same_channels() -> None:
    found = find(
        IMAGE, "a = Conv (x, w) b, c = Split <axis = 1, num_outputs = 2> (a) d = Mul (b, c) y = Conv (d, z)",
        w=(6, 3, 1, 1), z=(2, 3, 1, 1),
    )  # fmt: skip
    assert found.axis("a", 1) == "abcabc"


def test_rows_that_are_chosen_are_counted_anew() -> None:
    found = find(
        IMAGE, f"{ints(i=[3, -4, 0, 3])} a = Conv (x, w) c = Gather <axis = 1> (a, i) y = Conv (c, z)",
        w=(4, 3, 1, 1), z=(2, 4, 1, 1),
    )  # fmt: skip
    assert found.axis("c", 1) == "abba"
    assert [(len(g.units), g.axes[-1].weight, g.axes[-1].indices) for g in found.structure.groups] == [
        (2, "w", 1),
        (2, "z", 2),
    ]
    twice = find(
        IMAGE, f"{ints(i=[3, 2, 1, 0, 3, 2, 1, 0])} a = Conv (x, w) c = Gather <axis = 1> (a, i) y = Conv (c, z)",
        w=(4, 3, 1, 1), z=(2, 8, 1, 1),
    )  # fmt: skip
    assert twice.weights("a") == {"w.0": 1, "z.1": 2}
    graph = twice.narrowed(a=[1, 3])
    op = next(o for o in graph.ops if o.type == "Gather")
    assert graph.values[op.inputs[1]].data == (1, 0, 1, 0)


def test_one_channel_that_is_taken_by_itself_stays() -> None:
    found = find(
        "(float[1,3,4,4] x) => (float[1,4,2] y)",
        "i = Constant <value = int64 {1}> () a = Conv (x, w) c = Gather <axis = 1> (a, i) y = MatMul (c, z)",
        w=(4, 3, 1, 1), z=(4, 2),
    )  # fmt: skip
    assert found.axis("a", 1) == "a.bc"


def test_a_table_loses_columns_and_no_rows() -> None:
    found = find("(int64[2,5] i) => (float[2,5,2] y)", "[t] a = Gather (w, i) y = MatMul (a, z)", w=(9, 4), z=(4, 2))
    assert found.weights("t") == {"w.1": 1, "z.0": 1}


def test_a_size_that_is_computed_with_stays_and_others_pass() -> None:
    ops = "a = Conv (x, w) s = Shape (a) i = Constant <value = int64 {{{0}}}> () d = Gather (s, i) y = Conv (a, z)"
    for axis, units in ((0, "abcd"), (1, "")):
        found = find(
            "(float[N,3,4,4] x) => (float[N,2,4,4] y, int64 d)", ops.format(axis), w=(4, 3, 1, 1), z=(2, 4, 1, 1)
        )
        assert found.axis("a", 1) == units


def test_topk_chooses_along_its_axis() -> None:
    ops = ints(k=[2]) + " a = Conv (x, w) t, p = TopK <axis = AXIS> (a, k) y = Conv (t, z)"
    assert find(IMAGE, ops.replace("AXIS", "3"), w=(4, 3, 1, 1), z=(2, 4, 1, 1)).axis("t", 1) == "abcd"
    assert find(IMAGE, ops.replace("AXIS", "1"), w=(4, 3, 1, 1), z=(2, 2, 1, 1)).why()["a"] == "TopK chooses along it"


def test_a_part_of_no_elements_is_a_refusal() -> None:
    found = find(
        "(float[1,3,4,4] x) => (float[1,2,4,4] y, float[1,0,4,4] c)",
        f"{ints(s=[2], e=[2], i=[1])} a = Conv (x, w) c = Slice (a, s, e, i) y = Conv (a, z)",
        w=(4, 3, 1, 1), z=(2, 4, 1, 1),
    )  # fmt: skip
    assert found.why()["a"] == "Slice makes a tensor of no elements"
