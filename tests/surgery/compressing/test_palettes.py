from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from edgeplan.surgery.compressing.palettes import palette_errors


def best(row: np.ndarray, centres: int) -> float:
    """The least sum of squared errors over all ways to cut a sorted row into so many pieces."""
    line = np.sort(row.astype(np.float64))
    cuts = combinations(range(1, len(line)), centres - 1)
    return min(sum(((p - p.mean()) ** 2).sum() for p in np.split(line, c)) for c in cuts)


@pytest.mark.parametrize("seed", range(6))
def test_two_bits_are_close_to_the_best_there_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    row = rng.standard_t(3, 40).astype(np.float16)
    least = best(row, 4)
    found = palette_errors(row[None], (2,))[2][0]
    assert least * 0.999 <= found <= least * 1.4


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 6, 8])
def test_as_many_values_as_the_palette_has_are_held_exactly(bits: int) -> None:
    values = np.arange(1 << bits) * 0.5 - 3
    row = np.repeat(values, 3).astype(np.float16)
    assert palette_errors(row[None], (bits,))[bits][0] == pytest.approx(0, abs=1e-6)


def test_a_known_case_is_right() -> None:
    row = np.array([-1, -1, -1, 1, 1, 1.5], np.float16)  # two centres: -1 and 7/6
    assert palette_errors(row[None], (1,))[1][0] == pytest.approx(1 / 6)


def test_each_row_has_a_palette_of_its_own() -> None:
    rng = np.random.default_rng(0)
    rows = (rng.standard_normal((8, 200)) * np.arange(1, 9)[:, None]).astype(np.float16)
    together = palette_errors(rows, (4,))[4]
    alone = [palette_errors(row[None], (4,))[4][0] for row in rows]
    assert together == pytest.approx(alone, rel=0.2)  # one row is counted, several are sorted
    assert palette_errors(rows.reshape(1, -1), (4,))[4][0] > 1.5 * together.sum()


def test_more_bits_err_less_and_the_answer_is_the_same_every_time() -> None:
    row = np.random.default_rng(1).laplace(size=(1, 5000)).astype(np.float16)
    found = palette_errors(row, (1, 2, 3, 4, 6, 8))
    errors = [e[0] for e in found.values()]
    assert errors == sorted(errors, reverse=True)
    assert all((palette_errors(row, (b,))[b] == e).all() for b, e in found.items())


def test_zeros_that_are_stored_apart_need_no_centre() -> None:
    row = np.array([0] * 50 + [-1, 1, -1, 1], np.float16)[None]
    assert palette_errors(row, (1,), zeros=False)[1][0] == 0
    assert palette_errors(row, (1,))[1][0] > 0


def test_one_number_throughout_is_exact() -> None:
    assert palette_errors(np.ones((2, 9), np.float16), (4,))[4].tolist() == [0, 0]
