from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeplan.pruning.course import Course, ladder, saved
from edgeplan.pruning.narrow import narrow
from edgeplan.pruning.prices import of_bytes, of_macs
from edgeplan.pruning.reform import Kept
from edgeplan.pruning.search import total_macs
from edgeplan.pruning.structure import Group, WeightAxis
from tests.pruning.networks import CHAIN, RESIDUAL, chain, of_text, residual


def group(units: int, per_unit: int = 1) -> Group:
    return Group("op", np.arange(units), (WeightAxis("w", 0, per_unit),), ("op",))


@pytest.mark.parametrize(
    ("units", "per_unit", "multiple", "floor", "rungs"),
    [
        (64, 1, 16, 0.25, (64, 48, 32, 16)),
        (64, 1, 16, 0.5, (64, 48, 32)),
        (40, 1, 16, 0.0, (40, 32, 16)),
        (16, 1, 16, 0.0, (16,)),
        (12, 1, 32, 0.0, (12,)),
        (6, 64, 32, 0.0, (6, 5, 4, 3, 2, 1)),
        (8, 8, 32, 0.0, (8, 4)),
        (5, 1, 1, 0.5, (5, 4, 3)),
    ],
)
def test_rungs_are_widths_that_pay(
    units: int, per_unit: int, multiple: int, floor: float, rungs: tuple[int, ...]
) -> None:
    assert ladder(group(units, per_unit), None, multiple, floor, False).rungs == rungs


def test_a_group_that_is_to_stay_has_one_rung() -> None:
    assert ladder(group(64), None, 1, 0.1, True).rungs == (64,)


def test_the_best_units_stay() -> None:
    found = ladder(group(4), np.array([1.0, 4.0, 2.0, 3.0]), 1, 0.0, False)
    assert found.ranked.tolist() == [1, 3, 2, 0]
    assert found.left.tolist() == pytest.approx([0, 0.4, 0.7, 0.9, 1.0])


def test_scores_of_nothing_but_zeros_are_equal() -> None:
    assert ladder(group(4), np.zeros(4), 1, 0.0, False).left.tolist() == pytest.approx([0, 0.25, 0.5, 0.75, 1])


def test_equal_units_go_from_the_end() -> None:
    assert ladder(group(3), None, 1, 0.0, False).ranked.tolist() == [0, 1, 2]


def test_a_course_ends_with_every_group_at_its_floor() -> None:
    structure = chain()
    ladders = [ladder(g, None, 8, 0.25, False) for g in structure.groups]
    course = Course(structure, ladders, of_macs(structure.graph))
    choice = course.kept(len(course.steps))
    assert [int(choice[g.units].sum()) for g in structure.groups] == [8, 16]


def test_the_step_that_saves_most_comes_first() -> None:
    structure = residual()
    ladders = [ladder(g, None, 8, 0.25, False) for g in structure.groups]
    course = Course(structure, ladders, of_bytes(structure.graph))
    first = structure.groups[course.steps[0]]
    assert first.width == 48  # as dear in part as the 16, and it takes fewer of a unit


@given(st.sampled_from([CHAIN, RESIDUAL]), st.integers(1, 8), st.data())
def test_every_part_of_a_course_is_a_smaller_model(text: str, multiple: int, data: st.DataObject) -> None:
    structure = of_text(text)
    ladders = [ladder(g, None, multiple, 0.1, False) for g in structure.groups]
    course = Course(structure, ladders, of_macs(structure.graph))
    taken = data.draw(st.integers(0, len(course.steps)))
    sizes = [total_macs(narrow(Kept(structure, course.kept(n)))) for n in range(taken + 1)]
    assert sizes == sorted(sizes, reverse=True)


def test_what_a_group_saves_is_what_the_rest_would_cost_more() -> None:
    structure = chain()
    kept = structure.without({0: structure.groups[0].units[:16], 1: structure.groups[1].units[:48]})
    found = saved(structure, kept, of_macs(structure.graph))
    alone = structure.without({1: structure.groups[1].units[:48]})
    now, then = (total_macs(narrow(Kept(structure, c))) for c in (kept, alone))
    assert round(found[0]) == then - now
