from __future__ import annotations

from math import prod
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeplan.graph import Shape
from edgeplan.pruning.layout import Block, Layout, chunks


def test_blocks_move_with_their_axes() -> None:
    labels = np.arange(6).reshape(2, 3)
    layout = Layout((Block((1, 2), labels), Block((3,), np.arange(4))))
    moved = layout.moved({1: 3, 2: 0, 3: 1})
    two, one = moved.of(0), moved.of(1)
    assert two is not None
    assert one is not None
    assert two.axes == (0, 3)
    assert np.array_equal(two.labels, labels.T)
    assert two.at(3) == 1
    assert one.axes == (1,)
    assert moved.of(2) is None


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ((2, 12, 5), (2, 3, 4, 5), [((0,), (0,)), ((1,), (1, 2)), ((2,), (3,))]),
        ((2, 3, 4, 5), (2, 60), [((0,), (0,)), ((1, 2, 3), (1,))]),
        (("N", 8, 7), ("N", 56), [((0,), (0,)), ((1, 2), (1,))]),
        ((None, 8), (None, 2, 4), [((0,), (0,)), ((1,), (1, 2))]),
        (("N", 4, "L", 6), (None, 4, 6), [((0, 1, 2), (0, 1)), ((3,), (2,))]),
        ((6, 4), (4, 6), [((0, 1), (0, 1))]),
        ((2, 1, 3), (2, 3), [((0,), (0,)), ((1, 2), (1,))]),
        ((2,), None, None),
    ],
)
def test_a_shape_in_pieces(before: Shape, after: Shape, pieces: object) -> None:
    assert chunks(before, after) == pieces


sizes = st.lists(st.sampled_from([1, 2, 2, 3, 4, 6]), min_size=1, max_size=5)


@given(sizes, st.randoms())
def test_pieces_hold_as_many_elements_on_either_side(before: list[int], rng: Random) -> None:
    total, after = prod(before), []
    while total > 1 and len(after) < 4:
        d = rng.choice([d for d in range(1, total + 1) if total % d == 0])
        after.append(d)
        total //= d
    after.append(total)
    found = chunks(tuple(before), tuple(after))
    assert found is not None
    for one, two in found:
        assert prod(before[a] for a in one) == prod(after[a] for a in two)
    assert [a for one, _ in found for a in one] == list(range(len(before)))
    assert [a for _, two in found for a in two] == list(range(len(after)))
