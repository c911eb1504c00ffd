from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeplan.memory.arena import arena_of
from edgeplan.memory.free_list import in_time
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.overlap import overlaps
from tests.memory.buffers import STEPS, buffers


@given(buffers(), st.integers(0, 120))
def test_whatever_the_capacity_the_plan_is_valid(given_: list[Buffer], capacity: int) -> None:
    arena = arena_of(given_, in_time(given_, capacity * 64), STEPS, "")
    assert overlaps(arena) == ()
    assert min(arena.offsets, default=0) >= 0


def test_a_gap_that_is_given_back_joins_its_neighbours() -> None:
    first = [Buffer(f"b{i}", 0, 1, 100) for i in range(3)]
    assert in_time([*first, Buffer("all", 2, 2, 300)], 300)[3] == 0


def test_the_smallest_gap_is_taken_at_the_end_beside_what_lives_longer() -> None:
    start = [Buffer("a", 0, 9, 50), Buffer("b", 0, 1, 300), Buffer("c", 0, 5, 50), Buffer("d", 0, 1, 100)]
    assert in_time(start, 500) == [0, 50, 450, 350]  # longest first, each from the end of the arena
    assert in_time([*start, Buffer("e", 2, 9, 100)], 500)[4] == 50


def test_what_does_not_fit_below_the_capacity_goes_on_top() -> None:
    assert in_time([Buffer("a", 0, 3, 100), Buffer("b", 1, 2, 100), Buffer("c", 2, 3, 64)], 150) == [0, 100, 200]
