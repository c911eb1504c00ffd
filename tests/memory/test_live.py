from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.live import live_bytes, lower_bound

STEPS = 12
SPAN = st.tuples(st.integers(0, STEPS - 1), st.integers(0, STEPS - 1), st.integers(1, 40))


@given(st.lists(SPAN, max_size=25))
def test_the_bound_is_the_most_bytes_alive_at_one_step(spans: list[tuple[int, int, int]]) -> None:
    buffers = [Buffer("b", min(a, b), max(a, b), size) for a, b, size in spans]
    live = [sum(b.size for b in buffers if b.born <= step <= b.dies) for step in range(STEPS)]
    assert live_bytes(buffers, STEPS) == live
    assert lower_bound(buffers, STEPS) == (max(live), live.index(max(live)))


def test_nothing_is_alive_where_there_are_no_steps() -> None:
    assert live_bytes([], 0) == []
    assert lower_bound([], 0) == (0, 0)


def test_inputs_of_a_graph_without_ops_are_alive() -> None:
    assert lower_bound([Buffer("x", 0, 0, 64), Buffer("y", 0, 0, 32)], 0) == (96, 0)
