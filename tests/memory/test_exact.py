from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings

from edgeplan.memory import exact
from edgeplan.memory.arena import Arena, arrange, pack
from edgeplan.memory.exact import Solution, solve
from edgeplan.memory.greedy import by_size
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.overlap import overlaps
from tests.memory.buffers import STEPS, buffers

TIGHT = [
    Buffer("a", 0, 0, 192), Buffer("b", 3, 4, 128), Buffer("c", 3, 4, 192), Buffer("d", 1, 2, 256),
    Buffer("e", 1, 4, 256),
]  # fmt: skip
"""Largest first they take 640 bytes, at best 576."""


def largest_first(given_: list[Buffer], steps: int) -> Arena:
    """A plan that leaves work to the solver."""
    return arrange(given_, by_size(given_), steps, "greedy by size")


@pytest.fixture
def poor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "pack", largest_first)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ortools.sat.python", None)


@pytest.mark.usefixtures("alone")
def test_no_solver_is_asked_where_a_heuristic_reaches_the_bound() -> None:
    assert solve(TIGHT, 5) == Solution(pack(TIGHT, 5), "optimal", 576)
    assert solve(TIGHT, 5, 600) == Solution(pack(TIGHT, 5), "fits", 576)
    assert solve([], 0) == Solution(pack([], 0), "optimal", 0)


@pytest.mark.usefixtures("alone", "poor")
def test_what_no_plan_can_hold_needs_no_solver_either() -> None:
    found = solve(TIGHT, 5, 575)
    assert isinstance(found, Solution)
    assert (found.outcome, found.proven) == ("impossible", 576)


@pytest.mark.usefixtures("alone", "poor")
def test_without_the_solver_the_reason_says_what_to_install() -> None:
    assert solve(TIGHT, 5) == "the package ortools is missing: install edgeplan[exact]"


@pytest.mark.usefixtures("poor")
def test_too_many_buffers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "_MOST", 3)
    assert solve(TIGHT, 5) == "4 buffers overlap in time, more than 3"


@pytest.mark.usefixtures("poor")
def test_sizes_that_no_solver_can_add_up_are_refused() -> None:
    huge = [replace(b, size=b.size * 2**54) for b in TIGHT]
    assert solve(huge, 5) == "the buffers are larger than the solver can count"


@pytest.mark.usefixtures("poor")
def test_the_solver_finds_the_least() -> None:
    found = solve(TIGHT, 5, seconds=20)
    assert isinstance(found, Solution)
    assert (found.outcome, found.proven, found.arena.size) == ("optimal", 576, 576)
    assert found.arena.method == "exact"
    assert overlaps(found.arena) == ()


@pytest.mark.usefixtures("poor")
def test_out_of_time_it_says_that_there_is_a_gap() -> None:
    found = solve(TIGHT, 5, seconds=0)
    assert found == Solution(largest_first(TIGHT, 5), "gap", 576)


@given(buffers(most=10, size=6))
@settings(max_examples=15, deadline=None)
def test_it_is_never_worse_than_the_heuristics_nor_below_what_is_proven(given_: list[Buffer]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact, "pack", largest_first)
        found = solve(given_, STEPS, seconds=20)
    assert isinstance(found, Solution)
    assert overlaps(found.arena) == ()
    assert found.arena.bound <= found.proven <= found.arena.size <= pack(given_, STEPS).size


@pytest.mark.usefixtures("poor")
def test_stretches_of_time_are_solved_apart() -> None:
    later = [replace(b, born=b.born + 5, dies=b.dies + 5) for b in TIGHT]
    found = solve([*TIGHT, *later], 10, seconds=20)
    assert isinstance(found, Solution)
    assert found.arena.size == found.proven == 576
