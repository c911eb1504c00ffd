from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeplan.report.svg.words import fitted, wide


def test_a_name_that_fits_is_left_alone() -> None:
    assert fitted("/conv/out", 200) == "/conv/out"


def test_a_long_path_keeps_its_end() -> None:
    short = fitted("/model/encoder/layers.0/self_attn/MatMul_output_0", 140)
    assert short.startswith("\u2026")
    assert short.endswith("MatMul_output_0")


@given(st.text(max_size=80), st.floats(0, 300))
def test_what_is_left_fits_or_is_nothing(name: str, width: float) -> None:
    short = fitted(name, width)
    assert not short or wide(short) <= width
