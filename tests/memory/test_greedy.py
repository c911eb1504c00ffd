from __future__ import annotations

from hypothesis import given

from edgeplan.memory.greedy import by_breadth, by_size, place
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.live import live_bytes
from tests.memory.buffers import STEPS, buffers


def test_the_largest_comes_first_and_of_equals_the_earliest() -> None:
    assert by_size([Buffer("a", 2, 3, 64), Buffer("b", 0, 1, 64), Buffer("c", 5, 5, 128)]) == [2, 1, 0]


@given(buffers())
def test_breadth_is_the_most_alive_at_one_of_a_buffers_steps(given_: list[Buffer]) -> None:
    live = live_bytes(given_, STEPS)
    widest = [max(range(b.born, b.dies + 1), key=lambda step: (live[step], -step)) for b in given_]
    key = [(-live[step], step, -b.size) for step, b in zip(widest, given_, strict=True)]
    order = by_breadth(given_, STEPS)
    assert sorted(order) == list(range(len(given_)))
    assert [key[i] for i in order] == sorted(key)


def test_a_plan_that_looks_at_more_than_its_budget_is_given_up() -> None:
    apart = [Buffer("low", 0, 9, 10), Buffer("hole", 0, 0, 10), Buffer("high", 0, 9, 10), Buffer("last", 1, 1, 5)]
    assert place(apart, range(4), budget=3) is None
    assert place(apart, range(4), budget=6) == [0, 10, 20, 10]


def test_what_takes_no_byte_is_in_nobodys_way() -> None:
    assert place([Buffer("a", 0, 1, 64), Buffer("b", 0, 1, 0), Buffer("c", 0, 1, 64)], range(3)) == [0, 0, 64]
