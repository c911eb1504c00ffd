from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeplan.report.svg.frame import Frame, byte_ticks, op_ticks

MIB = 2**20


@pytest.mark.parametrize(
    ("most", "unit", "said"),
    [
        (0, "B", ["0"]),
        (3, "B", ["0", "1", "2", "3"]),
        (700, "B", ["0", "100", "200", "300", "400", "500", "600", "700"]),
        (5 * MIB, "MiB", ["0", "1", "2", "3", "4", "5"]),
        (MIB + MIB // 4, "MiB", ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0", "1.2"]),
        (50 * MIB, "MiB", ["0", "10", "20", "30", "40", "50"]),
        (2500 * MIB, "GiB", ["0.0", "0.5", "1.0", "1.5", "2.0"]),
    ],
)
def test_sizes_are_marked_at_round_figures(most: int, unit: str, said: list[str]) -> None:
    found, ticks = byte_ticks(most)
    assert (found, [text for _, text in ticks]) == (unit, said)


@given(st.integers(0, 2**45))
def test_there_are_few_marks_and_none_above_the_top(most: int) -> None:
    _, ticks = byte_ticks(most)
    assert 1 <= len(ticks) <= 11
    assert all(0 <= size <= most for size, _ in ticks)
    assert len({text for _, text in ticks}) == len(ticks)


@given(st.integers(0, 10**6))
def test_ops_are_numbered_from_one_to_the_last(steps: int) -> None:
    ticks = list(op_ticks(steps))
    assert len(ticks) <= 17
    assert ticks == sorted(set(ticks))
    assert not ticks or (ticks[0] == 1 and ticks[-1] <= steps)


def test_a_frame_lays_ops_from_left_to_right_and_bytes_from_the_bottom_up() -> None:
    frame = Frame(10, 20, 100, 50, steps=4, most=200)
    assert (frame.across(0), frame.across(2), frame.across(4)) == (10, 60, 110)
    assert (frame.up(0), frame.up(100), frame.up(200)) == (70, 45, 20)
