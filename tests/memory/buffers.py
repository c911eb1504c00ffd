"""Random buffers for the tests of plans."""

from __future__ import annotations

from hypothesis import strategies as st

from edgeplan.memory.lifetimes import Buffer

STEPS = 12


@st.composite
def buffers(draw: st.DrawFn, *, most: int = 25, size: int = 40) -> list[Buffer]:
    """Buffers of up to `size` times 64 bytes that live somewhere in twelve steps."""
    spans = st.tuples(st.integers(0, STEPS - 1), st.integers(0, STEPS - 1), st.integers(1, size))
    found = draw(st.lists(spans, max_size=most))
    return [Buffer(f"b{i}", min(a, b), max(a, b), size * 64) for i, (a, b, size) in enumerate(found)]
