from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from edgeplan.memory.arena import Arena, arrange, pack
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


GAPS = [Buffer("a", 0, 9, 100), Buffer("b", 0, 4, 300), Buffer("c", 0, 9, 100), Buffer("d", 0, 4, 200)]
GAPS += [Buffer("e", 0, 9, 100), Buffer("f", 5, 9, 150)]


def test_the_order_and_the_fit_are_the_callers() -> None:
    best = arrange(GAPS, range(6), 10, "as they come")
    assert best.offsets == (0, 100, 400, 500, 700, 500)
    assert best.method == "as they come"
    assert arrange(GAPS, range(6), 10, "", fit="first").offsets == (0, 100, 400, 500, 700, 100)
    assert arrange(GAPS, (5, 4, 3, 2, 1, 0), 10, "").offsets == (850, 550, 450, 250, 150, 0)


def test_offsets_are_multiples_of_the_alignment_and_the_last_buffer_is_not_rounded_up() -> None:
    arena = arrange([Buffer("a", 0, 1, 100), Buffer("b", 0, 1, 30)], (0, 1), 2, "", alignment=64)
    assert arena.offsets == (0, 128)
    assert arena.size == 158
