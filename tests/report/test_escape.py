from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeplan.report.escape import plain


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("/layer1/conv2d", "/layer1/conv2d"),
        ("Größe 层", "Größe 层"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\nb\tc", "a\\x0ab\\x09c"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2028b", "a\\u2028b"),
        ("a\U000e0041b", "a\\U000e0041b"),
        ("\x9b31m", "\\x9b31m"),
    ],
)
def test_what_steers_or_hides_is_escaped(name: str, shown: str) -> None:
    assert plain(name) == shown


def test_a_long_name_keeps_both_ends() -> None:
    shown = plain("a" * 500 + "z" * 500, 41)
    assert len(shown) == 41
    assert shown == "a" * 19 + "..." + "z" * 19


@given(st.text(max_size=400), st.integers(10, 80))
def test_any_text_becomes_short_and_harmless(text: str, longest: int) -> None:
    shown = plain(text, longest)
    assert len(shown) <= longest
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in shown)


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P")), max_size=80))
def test_an_ordinary_name_stays_as_it_is(text: str) -> None:
    assert plain(text, 80) == text
