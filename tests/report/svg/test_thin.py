from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edgeplan.report.svg.thin import covered, envelope, runs

lives = st.lists(st.integers(0, 9), min_size=1, max_size=60)
spans = st.tuples(st.integers(0, 29), st.integers(0, 29), st.integers(0, 90), st.integers(1, 10))


def value_at(points: list[tuple[int, int]], step: int) -> int:
    return next(value for start, value in reversed(points) if start <= step)


def test_a_short_line_is_drawn_exactly() -> None:
    assert envelope([3, 3, 5, 1], 10) == [(0, 3), (2, 5), (3, 1)]


@given(lives, st.integers(1, 20))
def test_an_envelope_is_never_below_the_line_and_as_high_as_its_peak(live: list[int], columns: int) -> None:
    points = envelope(live, columns)
    assert len(points) <= columns
    assert max(value for _, value in points) == max(live)
    assert all(value_at(points, i) >= value for i, value in enumerate(live))


def test_runs_of_a_short_model_are_exact() -> None:
    assert runs(["a", "a", "b", "a"], 10) == [(0, 2, "a"), (2, 3, "b"), (3, 4, "a")]


@given(st.lists(st.sampled_from("ab"), max_size=60), st.integers(1, 20))
def test_runs_cover_every_op_once(names: list[str], columns: int) -> None:
    found = runs(names, columns)
    assert len(found) <= columns
    assert [i for first, end, _ in found for i in range(first, end)] == list(range(len(names)))
    assert all(a[2] != b[2] for a, b in pairwise(found))


@given(st.lists(spans, max_size=8))
def test_cells_cover_the_middle_of_every_block_and_do_not_overlap(found: list[tuple[int, int, int, int]]) -> None:
    blocks = [(min(a, b), max(a, b), offset, size) for a, b, offset, size in found]
    cells = covered(blocks, 30, 100, columns=7, rows=11)
    for first, last, offset, size in blocks:
        x, y = (first + last + 1) / 60, (offset + size / 2) / 100
        assert any(cx <= x <= cx + w and cy <= y <= cy + h for cx, cy, w, h in cells)
    for i, (x, y, w, h) in enumerate(cells):
        assert x >= 0
        assert y + h <= 1 + 1e-9
        for ox, oy, ow, oh in cells[:i]:
            apart = x + 1e-9 >= ox + ow or ox + 1e-9 >= x + w or y + 1e-9 >= oy + oh or oy + 1e-9 >= y + h
            assert apart
