from __future__ import annotations

from edgeplan.memory.range import Range
from edgeplan.memory.term import Holder, Phase, Term, total


def term(size: int, phase: Phase, holder: Holder = "app") -> Term:
    return Term("t", Range(size, 2 * size, 3 * size), "estimated", phase, "a test", holder=holder)


TERMS = (
    term(1, "always"), term(10, "load"), term(100, "run"), term(1000, "build"), term(10_000, "always", "file"),
    term(100_000, "run", "driver"), term(1_000_000, "always", "flash"),
)  # fmt: skip


def test_a_phase_holds_its_own_terms_and_those_of_all_phases() -> None:
    assert total(TERMS, "load") == Range(11, 22, 33)
    assert total(TERMS, "run") == Range(100_101, 200_202, 300_303)


def test_a_build_shares_with_no_other_phase() -> None:
    assert total(TERMS, "build") == Range(1000, 2000, 3000)


def test_holders_can_be_told_apart() -> None:
    assert total(TERMS, "run", "app") == Range(101, 202, 303)
    assert total(TERMS, "run", "app", "file").low == 10_101
    assert total(TERMS, "load", "driver") == Range()


def test_of_two_needs_that_exclude_each_other_the_larger_counts() -> None:
    assert Range(1, 5, 6) | Range(2, 3, 9) == Range(2, 5, 9)
    assert Range.exactly(3).exact
    assert not Range(1, 1, 2).exact
