from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeplan.memory.range import Range
from edgeplan.sweep.search import Fit, Need, search, sizes_between


def square(size: int) -> Need:
    """Bytes as of an image, the true figure somewhere in a fifth around it."""
    return Need(Range(size * size * 9 // 10, size * size, size * size * 11 // 10), size * size)


def test_the_step_divides_both_ends() -> None:
    assert sizes_between(224, 1024).step == 32
    assert sizes_between(1, 64).step == 1
    assert sizes_between(8, 64).step == 8
    assert list(sizes_between(10, 20, 5)) == [10, 15, 20]


@given(st.integers(0, 300_000), st.integers(1, 90), st.integers(0, 400))
def test_the_largest_fit_of_a_growing_need_is_found(limit: int, low: int, more: int) -> None:
    sizes = range(low, low + more + 1)
    found = search("H", sizes, limit, square)
    assert found.largest == max((s for s in sizes if square(s).peak.likely <= limit), default=None)
    assert found.surest == max((s for s in sizes if square(s).peak.high <= limit), default=None)


def test_few_sizes_of_many_are_looked_at() -> None:
    assert len(search("H", range(1, 100_001), 10**7, square).points) < 45


def test_a_size_between_the_bounds_likely_fits() -> None:
    found = search("H", [100], 10_500, square)
    assert [p.fit for p in found.points] == [Fit.LIKELY]
    assert (found.largest, found.surest) == (100, None)


def test_a_size_that_cannot_be_analysed_is_no_fit_and_says_why() -> None:
    found = search("H", range(1, 9), 10**6, lambda size: "odd" if size % 2 else square(size))
    assert found.largest == 8
    assert {p.reason for p in found.points if p.fit is Fit.FAILS} == {"odd"}
    assert search("H", [1, 3], 10**6, lambda size: "odd").largest is None
