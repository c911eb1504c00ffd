"""Axis orders as tuples, and the groups of axes that a reshape keeps together."""

import pytest

from edgeplan.lower.tflite.layout import (
    NATIVE,
    channels_last,
    composed,
    kept,
    moved,
    placed,
    rearranged,
    relaid,
    trivial,
)
from edgeplan.lower.tflite.regroup import groups_of

_NHWC = (0, 2, 3, 1)


def test_channels_last_begins_at_rank_3() -> None:
    assert [channels_last(rank) for rank in range(6)] == [NATIVE, NATIVE, NATIVE, (0, 2, 1), _NHWC, (0, 2, 3, 4, 1)]


def test_an_order_re_lays_shapes_and_axes() -> None:
    assert relaid(_NHWC, "NCHW") == ("N", "H", "W", "C")
    assert [placed(_NHWC, axis) for axis in range(4)] == [0, 3, 1, 2]
    assert moved(NATIVE, _NHWC, 4) == _NHWC
    assert moved(_NHWC, NATIVE, 4) == (0, 3, 1, 2)
    assert kept(_NHWC, (2, 3)) == NATIVE
    assert kept(_NHWC, (0,)) == (1, 2, 0)


def test_a_transpose_of_a_tensor_is_the_tensor_in_another_order() -> None:
    assert composed(_NHWC, (0, 2, 3, 1)) == NATIVE
    assert composed(NATIVE, (0, 3, 1, 2)) == _NHWC


def test_only_axes_of_one_move_for_nothing() -> None:
    assert trivial((1, 8, 1, 1), (0, 2, 3, 1))
    assert not trivial((1, 8, 2, 1), (0, 2, 3, 1))
    assert not trivial(None, (1, 0))


def test_constants_are_rearranged() -> None:
    assert rearranged((1, 2, 3, 4, 5, 6), (2, 3), (1, 0)) == (1, 4, 2, 5, 3, 6)


@pytest.mark.parametrize(
    ("x", "y", "groups"),
    [
        ((1, 4, 8, 8), (1, 4, 64), (((0,), (0,)), ((1,), (1,)), ((2, 3), (2,)))),
        ((2, 12), (2, 3, 4), (((0,), (0,)), ((1,), (1, 2)))),
        ((2, 1, 3), (2, 3, 1), (((0,), (0,)), ((1,), ()), ((2,), (1,)), ((), (2,)))),
        (("N", 4, 6), ("N", 24), (((0,), (0,)), ((1, 2), (1,)))),
        ((None, 4), (None, 2, 2), (((0,), (0,)), ((1,), (1, 2)))),
    ],
)
def test_reshapes_keep_groups_of_axes(x, y, groups) -> None:
    assert groups_of(x, y).groups == groups


@pytest.mark.parametrize(("x", "y"), [((2, 3), (4,)), (None, (2,)), ((None, None), (None, 2)), ((0, 2), (2, 0))])
def test_no_groups_where_sizes_hide_them(x, y) -> None:
    assert groups_of(x, y) is None


def test_a_reshape_goes_through_orders_that_move_whole_groups() -> None:
    groups = groups_of((1, 4, 8, 8), (1, 4, 64))
    assert groups.signature(_NHWC, 0) == groups.signature((0, 2, 1), 1)
    assert groups.signature((0, 3, 2, 1), 0) is None
    assert groups.forward(groups.signature(_NHWC, 0)) == (0, 2, 1)


def test_an_empty_constant_is_rearranged_at_once_however_long_its_other_axes():
    assert rearranged((), (0, 2**40), (1, 0)) == ()
