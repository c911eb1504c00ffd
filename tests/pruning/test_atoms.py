from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgeplan.pruning.atoms import Atoms


def test_fresh_ones_are_all_different_and_may_go() -> None:
    atoms = Atoms()
    found = atoms.fresh(2, 3)
    assert found.shape == (2, 3)
    assert len(np.unique(found)) == 6
    assert not atoms.is_stuck(found).any()
    assert len(atoms) == 6


def test_what_is_tied_goes_together_and_broadcasts() -> None:
    atoms = Atoms()
    table = atoms.fresh(2, 3)
    atoms.tie(table[:, :1], table)
    roots = atoms.find(table)
    assert [len(set(row)) for row in roots.tolist()] == [1, 1]
    assert roots[0, 0] != roots[1, 0]


def test_what_is_told_of_one_is_told_of_all_tied_to_it_before_and_after() -> None:
    atoms = Atoms()
    a, b, c = atoms.fresh(3)[:, None]
    atoms.tie(a, b)
    atoms.stick(b, "a reason")
    atoms.tie(c, a)
    assert [atoms.why(int(x[0])) for x in (a, b, c)] == ["a reason"] * 3


def test_the_first_reason_counts_and_passive_ones_give_way() -> None:
    atoms = Atoms()
    a, b, c = (atoms.fresh(1) for _ in range(3))
    atoms.stick(a, "its neighbour stays", passive=True)
    assert atoms.why(int(a[0])) == "its neighbour stays"
    atoms.stick(a, "it is mixed")
    atoms.stick(a, "an output")
    assert atoms.why(int(a[0])) == "it is mixed"
    atoms.stick(b, "another stays", passive=True)
    atoms.tie(a, b)
    assert atoms.why(int(b[0])) == "it is mixed"
    assert atoms.why(int(c[0])) == ""


def test_they_grow() -> None:
    atoms = Atoms()
    first = atoms.fresh(1000)
    atoms.stick(first[:1], "stays")
    second = atoms.fresh(5000)
    atoms.tie(first[1:2], second)
    assert atoms.is_stuck(first).sum() == 1
    assert len(np.unique(atoms.find(second))) == 1


pairs = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=40)


@given(pairs, st.lists(st.integers(0, 19), max_size=3))
def test_ties_are_an_equivalence(tied: list[tuple[int, int]], stuck: list[int]) -> None:
    atoms = Atoms()
    atoms.fresh(20)
    expected = [{i} for i in range(20)]
    for at in stuck[:1]:
        atoms.stick(np.array([at]), "early")
    if tied:
        atoms.tie(np.array([a for a, _ in tied]), np.array([b for _, b in tied]))
    for at in stuck[1:]:
        atoms.stick(np.array([at]), "late")
    for a, b in tied:
        both = expected[a] | expected[b]
        for i in both:
            expected[i] = both
    roots = atoms.find(np.arange(20))
    for i in range(20):
        assert {j for j in range(20) if roots[j] == roots[i]} == expected[i]
        assert atoms.is_stuck(np.array([i]))[0] == any(s in expected[i] for s in stuck)


def test_a_long_chain_is_found_in_few_turns() -> None:
    atoms = Atoms()
    line = atoms.fresh(1 << 20)
    atoms.tie(line[1:], line[:-1])
    assert not atoms.find(line).any()
