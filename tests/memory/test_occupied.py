from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeplan.memory.occupied import Occupied

STEPS = 300
RUN = st.tuples(st.integers(0, STEPS - 1), st.integers(0, STEPS - 1)).map(sorted)
SPAN = st.tuples(st.integers(0, 50), st.integers(1, 20)).map(lambda span: (span[0], span[0] + span[1]))


@given(st.lists(st.tuples(RUN, SPAN), max_size=20), RUN)
def test_the_spans_of_a_run_are_the_addresses_taken_at_one_of_its_steps(
    taken: list[tuple[list[int], tuple[int, int]]], run: list[int]
) -> None:
    occupied = Occupied(STEPS)
    for (first, last), (start, end) in taken:
        occupied.take(first, last, start, end)
    spans = occupied.spans(*run)
    expected = {
        address
        for (first, last), (start, end) in taken
        if first <= run[1] and run[0] <= last
        for address in range(start, end)
    }
    assert {address for start, end in spans for address in range(start, end)} == expected
    assert spans == sorted(spans)


def test_spans_that_touch_are_one() -> None:
    occupied = Occupied(1)
    for start, end in ((0, 10), (20, 30), (10, 20)):
        occupied.take(0, 0, start, end)
    assert occupied.spans(0, 0) == [(0, 30)]
