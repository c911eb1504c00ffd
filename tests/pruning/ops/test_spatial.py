from __future__ import annotations

import pytest

from tests.pruning.ops.test_pick import ints
from tests.pruning.units import find

IMAGE = "(float[1,3,4,4] x) => (float[1,2,?,?] y)"


@pytest.mark.parametrize(
    "op", ["MaxPool <kernel_shape = [2, 2]> (a)", "AveragePool <kernel_shape = [2, 2]> (a)", "GlobalAveragePool (a)",
           "GlobalMaxPool (a)", "LpPool <kernel_shape = [2, 2]> (a)"],
)  # fmt: skip
def test_channels_pass_pools(op: str) -> None:
    found = find(IMAGE, f"a = Conv (x, w) c = {op} y = Conv (c, z)", w=(4, 3, 1, 1), z=(2, 4, 1, 1))
    assert found.axis("c", 1) == "abcd"


def test_places_of_the_largest_are_a_refusal() -> None:
    found = find(
        "(float[1,3,4,4] x) => (float[1,2,3,3] y, int64[1,4,3,3] p)",
        "a = Conv (x, w) c, p = MaxPool <kernel_shape = [2, 2]> (a) y = Conv (c, z)", w=(4, 3, 1, 1), z=(2, 4, 1, 1),
    )  # fmt: skip
    assert found.why()["a"] == "it hands out where it found its values"


def test_sizes_of_a_resize_are_said_anew() -> None:
    found = find(
        IMAGE,
        f"{ints(s=[1, 4, 8, 8])} a = Conv (x, w) c = Resize (a, , , s) y = Conv (c, z)",
        w=(4, 3, 1, 1),
        z=(2, 4, 1, 1),
    )
    graph = found.narrowed(a=[0, 3])
    op = next(o for o in graph.ops if o.type == "Resize")
    told = op.input("sizes")
    assert told is not None
    assert graph.values[told].data == (1, 2, 8, 8)


def test_a_resize_of_channels_keeps_them() -> None:
    found = find(
        IMAGE,
        f"{ints(s=[1, 8, 4, 4])} a = Conv (x, w) c = Resize (a, , , s) y = Conv (c, z)",
        w=(4, 3, 1, 1),
        z=(2, 8, 1, 1),
    )
    assert found.why()["a"] == "Resize changes its size"


def test_a_factor_near_one_mixes_channels_though_their_number_stays() -> None:
    made = "f = Constant <value = float[4] {1.0, FACTOR, 2.0, 2.0}> ()"
    ops = f"{made} a = Conv (x, w) c = Resize (a, , f) y = Conv (c, z)"
    for factor, units in (("1.0", "abcd"), ("1.1", "")):
        found = find(IMAGE, ops.replace("FACTOR", factor), w=(4, 3, 1, 1), z=(2, 4, 1, 1))
        assert found.axis("a", 1) == units


@pytest.mark.parametrize(
    ("op", "outs", "units"),
    [
        ('DepthToSpace <blocksize = 2, mode = "DCR"> (a)', 2, "abababab"),
        ('DepthToSpace <blocksize = 2, mode = "CRD"> (a)', 2, "aaaabbbb"),
        ("SpaceToDepth <blocksize = 2> (a)", 32, "abcdefgh"),
    ],
)
def test_channels_for_positions(op: str, outs: int, units: str) -> None:
    found = find(IMAGE, f"a = Conv (x, w) c = {op} y = Conv (c, z)", w=(8, 3, 1, 1), z=(2, outs, 1, 1))
    assert found.axis("a", 1) == units
    assert found.axis("c", 1) == ("ab" if outs == 2 else units * 4)


def test_one_channel_of_all_positions_stays() -> None:
    found = find(
        IMAGE, "a = Conv (x, w) c = DepthToSpace <blocksize = 2> (a) y = Conv (c, z)", w=(4, 3, 1, 1), z=(2, 1, 1, 1)
    )
    assert found.why()["a"] == "all of an axis would go at once"


def test_channels_are_sampled_one_by_one() -> None:
    found = find(
        "(float[1,3,4,4] x, float[1,2,2,2] g) => (float[1,2,2,2] y)",
        "a = Conv (x, w) c = GridSample (a, g) y = Conv (c, z)",
        w=(4, 3, 1, 1), z=(2, 4, 1, 1),
    )  # fmt: skip
    assert found.axis("c", 1) == "abcd"


def test_a_resize_of_some_axes_by_factors_is_told_nothing_new() -> None:
    found = find(
        IMAGE,
        "s = Constant <value = float[2] {2, 2}> () a = Conv (x, w) c = Resize <axes = [2, 3]> (a, , s) y = Conv (c, z)",
        w=(4, 3, 1, 1), z=(2, 4, 1, 1),
    )  # fmt: skip
    graph = found.narrowed(a=[0, 3])
    assert graph.values["c"].shape == (1, 2, 8, 8)


def test_a_resize_by_factors_that_the_model_computes_keeps_channels() -> None:
    found = find(
        "(float[1,3,4,4] x, float[4] s) => (float[1,2,8,8] y)",
        "a = Conv (x, w) c = Resize (a, , s) y = Conv (c, z)", w=(4, 3, 1, 1), z=(2, 4, 1, 1),
    )  # fmt: skip
    assert found.structure.groups == ()
