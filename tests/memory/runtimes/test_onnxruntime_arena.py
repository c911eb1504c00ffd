from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.runtimes.onnxruntime_arena import Grown, grow

KIB, MIB = 2**10, 2**20


def one_after_another(*sizes: int) -> list[Buffer]:
    """Buffers that are all alive at the last step."""
    return [Buffer(str(i), i, len(sizes) - 1, size) for i, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("sizes", "taken"),
    [
        ((1,), MIB),
        ((MIB,), MIB),
        ((MIB + 1,), 2 * MIB),
        ((MIB, MIB), 3 * MIB),
        ((MIB, MIB, MIB), 3 * MIB),
        ((3 * MIB,), 4 * MIB),
        ((1605632, 1605632, 4816896), 12 * MIB),  # as onnxruntime 1.31.1 logs it for MobileNet v2: 2, 2 and 8 MiB
    ],
)
def test_the_arena_grows_by_powers_of_two(sizes: tuple[int, ...], taken: int) -> None:
    assert grow(one_after_another(*sizes), len(sizes), 0, ()).taken == taken


def test_what_is_freed_is_handed_out_again() -> None:
    buffers = [Buffer(str(i), i, i, 512 * KIB) for i in range(8)]
    assert grow(buffers, 8, 0, ()) == Grown(MIB, 512 * KIB)


def test_free_neighbours_become_one_chunk() -> None:
    halves = [Buffer("a", 0, 0, 512 * KIB), Buffer("b", 0, 0, 512 * KIB)]
    assert grow([*halves, Buffer("whole", 1, 1, MIB)], 2, 0, ()).taken == MIB


def test_a_chunk_is_split_only_where_at_least_half_of_it_would_be_wasted() -> None:
    ragged = [Buffer("a", 0, 1, 600 * KIB), Buffer("b", 1, 1, 400 * KIB)]
    assert grow(ragged, 2, 0, ()).taken == 3 * MIB
    assert grow([Buffer("a", 0, 1, 512 * KIB), Buffer("b", 1, 1, 400 * KIB)], 2, 0, ()).taken == MIB


def test_later_runs_take_one_chunk_for_the_whole_pattern() -> None:
    buffers = one_after_another(700 * KIB, 700 * KIB)
    assert grow(buffers, 2, 0, ()).taken == 3 * MIB
    assert grow(buffers, 2, 1400 * KIB, ()).taken == 3 * MIB
    assert grow(buffers, 2, 5 * MIB, ()) == Grown(11 * MIB, 5 * MIB + 2 * 700 * KIB)


sizes = st.integers(1, 4 * MIB)
graphs = st.integers(1, 30).flatmap(
    lambda steps: st.tuples(
        st.just(steps),
        st.lists(
            st.tuples(st.integers(0, steps - 1), st.integers(0, steps - 1), sizes).map(
                lambda b: Buffer("", min(b[0], b[1]), max(b[0], b[1]), b[2])
            ),
            max_size=40,
        ),
    )
)


@given(graphs, st.integers(0, 8 * MIB), st.lists(sizes, max_size=3))
def test_no_less_is_taken_than_is_alive_and_no_more_is_touched_than_taken(
    graph: tuple[int, list[Buffer]], pattern: int, outputs: list[int]
) -> None:
    steps, buffers = graph
    grown = grow(buffers, steps, pattern, outputs)
    alive = max((sum(b.size for b in buffers if b.born <= step <= b.dies) for step in range(steps)), default=0)
    assert max(alive, pattern) <= grown.touched <= grown.taken


@given(graphs)
def test_a_second_run_that_takes_chunks_anew_cannot_shrink_the_arena(graph: tuple[int, list[Buffer]]) -> None:
    steps, buffers = graph
    first = grow(buffers, steps, 0, ())
    both = grow(buffers, steps, max((b.size for b in buffers), default=0), ())
    assert both.taken >= first.taken
    assert both.touched >= first.touched
