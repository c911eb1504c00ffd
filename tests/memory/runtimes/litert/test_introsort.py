from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeplan.memory.runtimes.litert import introsort
from edgeplan.memory.runtimes.litert.introsort import introsorted


@given(st.lists(st.integers(0, 9), max_size=200))
def test_the_keys_come_to_stand_in_order(keys: list[int]) -> None:
    order = introsorted(keys)
    assert sorted(order) == list(range(len(keys)))
    assert [keys[i] for i in order] == sorted(keys)


@given(st.lists(st.integers(0, 3), max_size=16))
def test_a_short_list_keeps_the_order_of_ties(keys: list[int]) -> None:
    assert introsorted(keys) == sorted(range(len(keys)), key=keys.__getitem__)


def test_ties_of_a_longer_list_fall_as_in_gnus_library() -> None:
    """What a program that sorts these 20 indices with `std::sort`, compiled by g++ 12, prints."""
    expected = [1, 19, 17, 15, 13, 11, 9, 7, 5, 3, 8, 6, 10, 12, 4, 14, 16, 2, 18, 0]
    assert introsorted([1, 0] * 10) == expected


def killer(size: int) -> list[int]:
    """Musser's sequence, at which the median of three is always a bad pivot, with every key twice."""
    half = size // 2
    keys = [0] * size
    for i in range(1, half + 1):
        if i % 2:
            keys[i - 1], keys[i] = i, half + i
        keys[half + i - 1] = 2 * i
    return [k // 2 for k in keys]


def test_too_deep_a_recursion_ends_in_the_heapsort_of_gnus_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest is that of what the same program prints."""
    heaps: list[int] = []
    plain = introsort._heapsorted
    monkeypatch.setattr(introsort, "_heapsorted", lambda keys, part: heaps.append(len(part)) or plain(keys, part))
    order = introsorted(killer(128))
    assert heaps
    assert sha256(" ".join(map(str, order)).encode()).hexdigest()[:16] == "e7f400f09766b0ae"
