from __future__ import annotations

import numpy as np
import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.pruning.structure import structure_of
from tests.pruning.networks import chain, residual
from tests.pruning.units import Found, find


def test_groups_are_named_by_what_makes_them_and_know_where_they_lie() -> None:
    found = chain()
    first, second = found.groups
    assert (first.name, first.width, first.per_unit, first.ops) == ("c1", 32, 1, ("c1", "c2"))
    assert (second.name, second.width, second.ops) == ("c2", 64, ("c2", "y"))
    assert [(a.weight, a.axis, a.indices) for a in first.axes] == [("w1", 0, 1), ("b1", 0, 1), ("w2", 1, 1)]
    assert [(f.op, f.width, f.reason) for f in found.frozen] == [("y", 10, "an output of the model")]


def test_what_is_added_goes_together() -> None:
    found = Found(residual())
    assert found.units() == {"s": 16, "c1": 48}
    assert found.weights("s") == {"w0.0": 1, "w1.1": 1, "w2.0": 1, "w3.1": 1}


def test_a_choice_keeps_what_is_named_and_of_other_groups_all() -> None:
    found = chain()
    units = found.groups[0].units
    choice = found.without({0: units[3:5]})
    assert found.all_kept.all()
    assert np.array_equal(np.flatnonzero(choice[units]), [3, 4])
    assert choice[found.groups[1].units].all()


def test_what_lies_in_other_axes_is_another_group() -> None:
    found = find(
        "(float[1,3,4,4] x) => (float[1,2,4,4] y)",
        """l = Constant <value = int64[2] {2, 4}> () a = Conv (x, w) b, c = Split <axis = 1> (a, l)
        p = Conv (b, u) q = Conv (c, v) y = Add (p, q)""",
        w=(6, 3, 1, 1), u=(2, 2, 1, 1), v=(2, 4, 1, 1),
    )  # fmt: skip
    assert sorted(len(g.units) for g in found.structure.groups) == [2, 4]
    assert {a.weight for g in found.structure.groups for a in g.axes} == {"w", "u", "v"}


def test_the_last_of_a_kind_is_no_group() -> None:
    found = find(
        "(float[1,3,4,4] x) => (float[1,2,4,4] y)",
        """l = Constant <value = int64[2] {1, 3}> () a = Conv (x, w) b, c = Split <axis = 1> (a, l)
        p = Conv (b, u) q = Conv (c, v) y = Add (p, q)""",
        w=(4, 3, 1, 1), u=(2, 1, 1, 1), v=(2, 3, 1, 1),
    )  # fmt: skip
    assert [len(g.units) for g in found.structure.groups] == [3]


def test_of_two_axes_the_one_leads_along_which_more_units_are_left() -> None:
    """Four heads of three parts, twice: along the longer axis only the parts of all heads could go, three units."""
    found = find(
        "(float[1,3,2,2] x) => (float[1,2,2,2] y)",
        """s = Constant <value = int64[4] {1,8,12,4}> () t = Constant <value = int64[4] {1,96,2,2}> ()
        a = Conv (x, w) b = Conv <group = 12> (a, v) c = Concat <axis = 1> (a, b) r = Reshape (c, s) d = Reshape (r, t)
        y = Conv (d, z)""",
        w=(48, 3, 1, 1), v=(48, 4, 1, 1), z=(2, 96, 1, 1),
    )  # fmt: skip
    assert found.axis("a", 1) == "".join(12 * letter for letter in "abcd")
    assert found.axis("r", 1) == "abcdabcd"
    assert found.narrowed(a=[1]).values["r"].shape == (1, 2, 12, 4)


def test_sizes_and_places_are_no_weights() -> None:
    graph = parse_text("""g (float[1,3,4,4] x) => (int64[2] s, float[1,3,4,4] y)
        <int64[4] k = {1, 2, 3, 4}, int64[2] i = {0, 1}> {
        s = Gather (k, i) y = Relu (x)
    }""")
    assert structure_of(graph).groups == ()


def test_a_constant_that_says_a_size_stays_though_it_is_a_weight_elsewhere() -> None:
    """The numbers of a shape are added to two channels, as may be where equal constants were made one."""
    graph = parse_text("""g (float[1,2,2,3] x) => (float[1,2,2,1] y, float[2,2] o)
        <int64[2] sw = {3, 2}, int64[2] sz = {2, 1}, int64[2] k = {2, 2}, float[4] t = {1, 2, 3, 4}> {
        w = ConstantOfShape (sw) z = ConstantOfShape (sz) c = Cast <to = 1> (k) a = MatMul (x, w) b = Add (a, c)
        y = MatMul (b, z) o = Reshape (t, k)
    }""")
    assert {f.op: f.reason for f in structure_of(graph).frozen}["a"] == "sizes and places"


@pytest.mark.parametrize(
    ("op", "reason"),
    [
        ("n = LayerNormalization <axis = -1> (h, s)", "LayerNormalization mixes its indices"),
        ("n = Det (h)", "Det is not known to keep channels apart"),
        ("n = com.acme.Odd (h)", "com.acme.Odd is not known to keep channels apart"),
    ],
)
def test_of_reasons_the_telling_one_is_told(op: str, reason: str) -> None:
    """The layers are added to the input first, which keeps its size for no reason of its own."""
    found = find(
        "(float[2,8,8] x) => (float[?,?,?] y)",
        f"a = MatMul (x, w) h = Add (a, x) {op} b = MatMul (h, v) y = Add (b, h)",
        w=(8, 8), v=(8, 8), s=(8,),
    )  # fmt: skip
    assert found.why()["a"] == reason


def test_recurrent_layers_and_weights_on_the_left_say_why_they_stay() -> None:
    found = find(
        "(float[5,2,3] x) => (float[5,1,2,4] y)", "[l] y = GRU <hidden_size = 4> (x, w, r)", w=(1, 12, 3), r=(1, 12, 4)
    )
    assert found.why() == {"l": "an output of the model"}
    found = find("(float[3,2] x) => (float[4,2] y)", "[m] y = MatMul (w, x)", w=(4, 3))
    assert found.why() == {"m": "an output of the model"}


def test_what_a_body_reads_stays() -> None:
    graph = parse_text("""g (float[1,3,4,4] x, bool t) => (float[1,2,4,4] y, float[1,4,4,4] o)
        <int64[4] sw = {4, 3, 1, 1}, int64[4] sz = {2, 4, 1, 1}> {
        w = ConstantOfShape (sw) z = ConstantOfShape (sz) a = Conv (x, w) y = Conv (a, z)
        o = If (t) <then_branch = p () => (float[1,4,4,4] b) { b = Relu (a) },
                    else_branch = q () => (float[1,4,4,4] c) { c = Abs (a) }>
    }""")
    assert {f.op: f.reason for f in structure_of(graph).frozen}["a"] == "If is not known to keep channels apart"
