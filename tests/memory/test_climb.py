from __future__ import annotations

from hypothesis import given, settings

from edgeplan.memory.arena import arena_of
from edgeplan.memory.climb import climb
from edgeplan.memory.greedy import by_size, place
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.overlap import overlaps
from tests.memory.buffers import STEPS, buffers


@given(buffers(most=12))
@settings(deadline=None)
def test_the_plan_is_valid_and_no_larger_than_the_one_it_starts_from(given_: list[Buffer]) -> None:
    order = by_size(given_)
    offsets = climb(given_, order, 0, 4000)
    assert offsets is not None
    found, start = (arena_of(given_, o, STEPS, "") for o in (offsets, place(given_, order, "first") or []))
    assert overlaps(found) == ()
    assert found.size <= start.size


@given(buffers(most=12))
@settings(deadline=None)
def test_the_same_buffers_get_the_same_offsets(given_: list[Buffer]) -> None:
    assert climb(given_, by_size(given_), 0, 2000) == climb(given_, by_size(given_), 0, 2000)


def test_too_many_pairs_are_not_tried() -> None:
    crowd = [Buffer(str(i), 0, 1, 64) for i in range(20)]
    assert climb(crowd, range(20), 0, 8 * 189) is None
    assert climb(crowd, range(20), 0, 8 * 190) is not None
