from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.pruning.structure import structure_of
from tests.pruning.networks import text
from tests.pruning.units import find

IMAGE = "(float[1,3,4,4] x) => (float[1,2,?,?] y)"


def test_scales_and_statistics_go_with_their_channel() -> None:
    found = find(
        IMAGE,
        """a = Conv (x, w) n = BatchNormalization (a, s, b, m, v) i = InstanceNormalization (n, t, u)
        y = Conv (i, z)""",
        w=(4, 3, 1, 1), s=(4,), b=(4,), m=(4,), v=(4,), t=(4,), u=(4,), z=(2, 4, 1, 1),
    )  # fmt: skip
    assert found.weights("a") == {"w.0": 1, **dict.fromkeys(["s.0", "b.0", "m.0", "v.0", "t.0", "u.0"], 1), "z.1": 1}


def test_running_statistics_that_are_handed_out_have_the_channels() -> None:
    found = find(
        "(float[1,3,4,4] x) => (float[1,2,4,4] y, float[4] o)",
        "a = Conv (x, w) n, o, q = BatchNormalization <training_mode = 1> (a, s, b, m, v) y = Conv (n, z)",
        w=(4, 3, 1, 1), s=(4,), b=(4,), m=(4,), v=(4,), z=(2, 4, 1, 1),
    )  # fmt: skip
    assert found.why()["a"] == "an output of the model"


@pytest.mark.parametrize(
    ("groups", "scales", "units"), [(2, 6, "aaabbb"), (3, 3, "aabbcc"), (6, 6, "abcdef"), (1, 6, "")]
)
def test_groups_that_are_normalised_go_as_a_whole(groups: int, scales: int, units: str) -> None:
    found = find(
        IMAGE, f"a = Conv (x, w) n = GroupNormalization <num_groups = {groups}> (a, s, b) y = Conv (n, z)",
        w=(6, 3, 1, 1), s=(scales,), b=(scales,), z=(2, 6, 1, 1),
    )  # fmt: skip
    assert found.axis("a", 1) == units
    if groups == 1:
        assert found.why()["a"] == "GroupNormalization averages over it"
    else:
        assert found.weights("a")["s.0"] == scales // groups
        graph = found.narrowed(a=[0])
        assert next(o for o in graph.ops if o.type == "GroupNormalization").attrs["num_groups"] == 1


@pytest.mark.parametrize(
    ("op", "reason"),
    [
        ("LayerNormalization <axis = 1> (a, s)", "LayerNormalization mixes its indices"),
        ("Softmax <axis = 1> (a)", "Softmax mixes its indices"),
        ("LRN <size = 3> (a)", "LRN mixes its indices"),
        ("CumSum (a, one)", "CumSum mixes its indices"),
        ("ReduceMean <axes = [1]> (a)", "ReduceMean reduces it"),
        ("ReduceMean <keepdims = 0> (a)", "ReduceMean reduces it"),
    ],
)
def test_what_mixes_channels_says_so_also_of_those_it_meets_later(op: str, reason: str) -> None:
    found = find(
        "(float[1,6,4,4] x) => (float[1,6,4,4] y)",
        f"""one = Constant <value = int64 {{1}}> () r = Add (x, x) a = Conv (r, w) n = {op} e = Add (a, n)
        y = Conv (e, z)""",
        w=(6, 6, 1, 1), s=(6, 4, 4), z=(6, 6, 1, 1),
    )  # fmt: skip
    assert found.why()["a"] == reason


@pytest.mark.parametrize(
    "op", ["Softmax <axis = -1> (a)", "ReduceMax <axes = [2, 3]> (a)", "LayerNormalization <axis = 2> (a, s)",
           "MeanVarianceNormalization <axes = [2, 3]> (a)", "CumSum (a, three)"],
)  # fmt: skip
def test_channels_pass_what_mixes_positions(op: str) -> None:
    found = find(
        IMAGE, f"three = Constant <value = int64 {{3}}> () a = Conv (x, w) n = {op} y = Conv (n, z)",
        w=(4, 3, 1, 1), s=(4, 4), z=(2, 4, 1, 1),
    )  # fmt: skip
    assert found.axis("n", 1) == "abcd"


def test_axes_move_up_where_reduced_ones_are_not_kept() -> None:
    found = find(
        "(float[1,3,4,4] x) => (float[1,2] y)",
        "a = Conv (x, w) m = ReduceMean <axes = [-1, 2], keepdims = 0> (a) y = MatMul (m, z)",
        w=(4, 3, 1, 1), z=(4, 2),
    )  # fmt: skip
    assert found.axis("m", 1) == "abcd"
    found = find(
        "(float[1,3,4,4] x) => (int64[1,4,4] y)",
        "a = Conv (x, w) y = ArgMax <axis = 1, keepdims = 0> (a)",
        w=(4, 3, 1, 1),
    )
    assert found.why() == {"a": "ArgMax reduces it"}


def test_before_opset_13_softmax_mixes_all_axes_from_one_on() -> None:
    body = text(
        "(float[1,3,4,4] x) => (float[1,2,4,4] y)", "a = Conv (x, w) n = Softmax <axis = 1> (a) y = Conv (n, z)",
        w=(4, 3, 1, 1), z=(2, 4, 1, 1),
    )  # fmt: skip
    old = f'<ir_version: 8, opset_import: ["" : 11]> {body}'
    assert structure_of(parse_text(old)).frozen[0].reason == "Softmax mixes its indices"


def test_scales_for_every_position_keep_their_channels() -> None:
    body = text(
        "(float[1,3,2,2] x) => (float[1,2,2,2] y)",
        "a = Conv (x, w) n = BatchNormalization <spatial = 0> (a, s, s, s, s) y = Conv (n, z)",
        w=(4, 3, 1, 1), s=(4, 2, 2), z=(2, 4, 1, 1),
    )  # fmt: skip
    assert structure_of(parse_text(f'<ir_version: 8, opset_import: ["" : 7]> {body}')).groups == ()
