from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeplan.memory.arena import arena_of
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.overlap import overlaps
from tests.memory.buffers import STEPS, buffers


@given(buffers(), st.data())
def test_every_pair_that_shares_a_byte_and_a_step_is_found_once(given_: list[Buffer], data: st.DataObject) -> None:
    offsets = [data.draw(st.integers(0, 60)) * 64 for _ in given_]
    found = overlaps(arena_of(given_, offsets, STEPS, "at random"))
    placed = list(zip(given_, offsets, strict=True))
    shared = {
        frozenset((a.value, b.value))
        for (a, at), (b, bt) in combinations(placed, 2)
        if a.born <= b.dies and b.born <= a.dies and at < bt + b.size and bt < at + a.size
    }
    assert {frozenset((a.value, b.value)) for a, b in found} == shared
    assert len(found) == len(shared)


A, B = Buffer("a", 0, 2, 100), Buffer("b", 2, 3, 50)


@pytest.mark.parametrize(
    ("offsets", "found"),
    [((0, 100), ()), ((50, 0), ()), ((0, 99), ((A, B),)), ((49, 0), ((A, B),)), ((0, 25), ((A, B),))],
)
def test_what_only_touches_does_not_overlap(offsets: tuple[int, int], found: tuple[tuple[Buffer, Buffer], ...]) -> None:
    assert overlaps(arena_of((A, B), offsets, 4, "")) == found


def test_buffers_of_different_steps_may_lie_at_one_address() -> None:
    assert overlaps(arena_of((A, Buffer("c", 3, 3, 100)), (0, 0), 4, "")) == ()


def test_what_takes_no_byte_overlaps_nothing() -> None:
    assert overlaps(arena_of((A, Buffer("c", 0, 3, 0)), (0, 50), 4, "")) == ()
    assert overlaps(arena_of((), (), 0, "")) == ()
