from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from edgeplan.memory.arena import Arena, lower_bound, pack
from edgeplan.memory.lifetimes import Buffer

STEPS = 12


@st.composite
def buffers(draw: st.DrawFn) -> list[Buffer]:
    """Up to 25 buffers that live somewhere in twelve steps."""
    spans = st.tuples(st.integers(0, STEPS - 1), st.integers(0, STEPS - 1), st.integers(1, 40))
    found = draw(st.lists(spans, max_size=25))
    return [Buffer(f"b{i}", min(a, b), max(a, b), size * 64) for i, (a, b, size) in enumerate(found)]


def live_together(a: Buffer, b: Buffer) -> bool:
    return a.born <= b.dies and b.born <= a.dies


@given(buffers())
def test_buffers_that_live_together_never_overlap(given_: list[Buffer]) -> None:
    arena = pack(given_, STEPS)
    placed = list(zip(arena.buffers, arena.offsets, strict=True))
    for (a, at), (b, bt) in combinations(placed, 2):
        assert not live_together(a, b) or at + a.size <= bt or bt + b.size <= at


@given(buffers())
def test_the_arena_holds_every_buffer_and_is_never_below_the_bound(given_: list[Buffer]) -> None:
    arena = pack(given_, STEPS)
    ends = [offset + b.size for b, offset in zip(arena.buffers, arena.offsets, strict=True)]
    assert arena.size == max(ends, default=0)
    assert min(arena.offsets, default=0) >= 0
    assert arena.bound <= arena.size <= sum(b.size for b in given_)


@given(buffers())
def test_the_bound_is_the_most_bytes_alive_at_one_step(given_: list[Buffer]) -> None:
    live = [sum(b.size for b in given_ if b.born <= step <= b.dies) for step in range(STEPS)]
    assert lower_bound(given_, STEPS) == (max(live), live.index(max(live)))


def test_buffers_of_different_times_share_their_place() -> None:
    chain = [Buffer("a", 0, 1, 64), Buffer("b", 1, 2, 128), Buffer("c", 2, 3, 64)]
    arena = pack(chain, 4)
    assert arena.size == arena.bound == 192
    assert arena.method == "greedy by size"
    assert arena.peak_step == 1


def test_a_second_order_is_tried_when_the_first_leaves_the_bound() -> None:
    tight = [
        Buffer("a", 0, 0, 192), Buffer("b", 3, 4, 128), Buffer("c", 3, 4, 192), Buffer("d", 1, 2, 256),
        Buffer("e", 1, 4, 256),
    ]  # fmt: skip
    arena = pack(tight, 5)
    assert arena.method == "greedy by breadth"
    assert arena.size == arena.bound == 576


def test_no_buffers_need_no_arena() -> None:
    assert pack([], 0) == Arena((), (), 0, 0, "greedy by size", 0)
    assert pack([], 3).size == 0
