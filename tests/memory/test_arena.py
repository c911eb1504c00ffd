from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeplan.memory import arena as arena_module
from edgeplan.memory.arena import Arena, arena_of, arrange, pack
from edgeplan.memory.greedy import by_breadth
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.overlap import overlaps
from tests.memory.buffers import STEPS, buffers


@given(buffers())
@settings(deadline=None)
def test_buffers_that_live_together_never_overlap(given_: list[Buffer]) -> None:
    assert overlaps(pack(given_, STEPS)) == ()


@given(buffers())
@settings(deadline=None)
def test_the_arena_holds_every_buffer_and_is_never_below_the_bound(given_: list[Buffer]) -> None:
    arena = pack(given_, STEPS)
    ends = [offset + b.size for b, offset in zip(arena.buffers, arena.offsets, strict=True)]
    assert arena.size == max(ends, default=0)
    assert min(arena.offsets, default=0) >= 0
    assert arena.bound <= arena.size <= sum(b.size for b in given_)


@given(buffers(), st.integers(1, 16))
@settings(deadline=None)
def test_a_batch_takes_as_many_times_the_memory(given_: list[Buffer], batch: int) -> None:
    one, all_ = (pack([replace(b, size=n * b.size) for b in given_], STEPS) for n in (1, batch))
    assert all_.size == batch * one.size
    assert all_.offsets == tuple(batch * at for at in one.offsets)
    assert all_.method == one.method


def test_buffers_of_different_times_share_their_place() -> None:
    chain = [Buffer("a", 0, 1, 64), Buffer("b", 1, 2, 128), Buffer("c", 2, 3, 64)]
    arena = pack(chain, 4)
    assert arena.size == arena.bound == 192
    assert arena.method == "greedy by size"
    assert arena.peak_step == 1


def test_an_order_by_breadth_is_tried_when_the_first_plans_leave_the_bound() -> None:
    spans = [(2, 4, 3), (4, 4, 4), (0, 1, 4), (0, 2, 2), (0, 2, 3)]
    arena = pack([Buffer(str(i), *span) for i, span in enumerate(spans)], 5)
    assert arena.method == "greedy by breadth"
    assert arena.size == arena.bound == 9


def test_a_chain_whose_sizes_change_goes_back_and_forth() -> None:
    arena = pack([Buffer(str(i), i, i + 1, 64 * (1 + i % 3)) for i in range(30)], 31)
    assert arena.method == "in order of time"
    assert arena.size == arena.bound == 5 * 64


def test_hill_climbing_finds_what_no_order_given_beforehand_does() -> None:
    spans = [(0, 1, 3), (3, 3, 4), (0, 2, 2), (1, 3, 1), (2, 4, 1)]
    hard = [Buffer(str(i), born, dies, size) for i, (born, dies, size) in enumerate(spans)]
    arena = pack(hard, 5)
    assert arena.method == "hill climbing"
    assert overlaps(arena) == ()
    assert arena.size == arena.bound


def test_greedy_plans_are_given_up_for_the_one_in_order_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arena_module, "_GAPS", 100)
    monkeypatch.setattr(arena_module, "_LOOKS", 100)
    nested = [Buffer(str(i), i, 99 - i, 64 * (1 + 7 * i % 31)) for i in range(50)]
    arena = pack(nested, 100)
    assert arena.method == "in order of time"
    assert overlaps(arena) == ()


def test_no_buffers_need_no_arena() -> None:
    assert pack([], 0) == Arena((), (), 0, 0, "greedy by size", 0)
    assert pack([], 3).size == 0


def test_inputs_that_no_op_reads_have_their_place() -> None:
    inputs = [Buffer("x", 0, 0, 64), Buffer("y", 0, 0, 128)]
    assert pack(inputs, 0) == Arena(tuple(inputs), (128, 0), 192, 192, "greedy by size", 0)
    assert by_breadth(inputs, 0) == [1, 0]


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


@given(buffers(most=12), st.randoms(use_true_random=False), st.sampled_from(["best", "first"]))
def test_each_buffer_lies_where_a_look_at_all_placed_before_puts_it(
    given_: list[Buffer], random: st.random.Random, fit: arena_module.Fit
) -> None:
    order = list(range(len(given_)))
    random.shuffle(order)
    placed: list[tuple[int, int, Buffer]] = []
    for i in order:
        b = given_[i]
        gaps, top = [], 0
        for start, end, other in sorted(placed, key=lambda entry: entry[:2]):
            if other.born <= b.dies and b.born <= other.dies:
                if start - top >= b.size:
                    gaps.append((start - top if fit == "best" else 0, top))
                top = max(top, end)
        at = min(gaps)[1] if gaps else top
        placed.append((at, at + b.size, b))
    expected = {b.value: at for at, _, b in placed}
    arena = arrange(given_, order, STEPS, "", fit=fit)
    assert arena == arena_of(given_, [expected[b.value] for b in given_], STEPS, "")
