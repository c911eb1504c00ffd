from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeplan.memory.runtimes.litert.hashset import given_out

FEW = [26, 1, 14, 0, 27, 5, 40, 2, 53, 9, 10, 11, 13]


@given(st.lists(st.integers(0, 500), max_size=80))
def test_every_element_is_given_out_once(numbers: list[int]) -> None:
    assert sorted(given_out(numbers)) == sorted(set(numbers))


@given(st.lists(st.integers(0, 12), max_size=13, unique=True))
def test_the_latest_comes_first_while_all_are_in_buckets_of_their_own(numbers: list[int]) -> None:
    assert given_out(numbers) == numbers[::-1]


def test_a_shared_bucket_is_given_out_as_in_gnus_library() -> None:
    """What a program that puts these into a `std::unordered_set<int>`, compiled by g++ 12, prints."""
    assert given_out(FEW) == [11, 10, 9, 2, 5, 53, 40, 27, 14, 1, 13, 0, 26]


def test_a_set_that_grew_is_given_out_as_in_gnus_library() -> None:
    assert given_out([*FEW, 55, 29, 58]) == [55, 26, 58, 29, 0, 13, 1, 14, 27, 53, 5, 2, 9, 10, 40, 11]
