from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeplan.units import parse_bytes, round_up, say_bytes, say_count, say_percent, say_range, say_seconds


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (4.5 * 2**20, "4.5 MiB"),
        (99.96 * 2**20, "100.0 MiB"),
        (2000 * 2**20, "2.0 GiB"),
        (300 * 2**20, "300 MiB"),
        (5000 * 2**40, "5,000 TiB"),
        (-(2**20), "-1.0 MiB"),
    ],
)
def test_bytes_are_said_in_binary_units(n: float, said: str) -> None:
    assert say_bytes(n) == said


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "0"),
        (999, "999"),
        (5900, "5.9 k"),
        (300_800_000, "300.8 M"),
        (1_900_000_000, "1.9 G"),
        (10**15, "1,000.0 T"),
    ],
)
def test_counts_are_said_in_decimal_prefixes(n: int, said: str) -> None:
    assert say_count(n).strip() == said


@pytest.mark.parametrize(
    ("share", "said"), [(0, "0 %"), (0.001, "<1 %"), (0.96, "96 %"), (0.9999, ">99 %"), (1, "100 %"), (0.005, "0 %")]
)
def test_a_share_is_rounded_to_0_or_100_only_when_it_is(share: float, said: str) -> None:
    assert say_percent(share) == said


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("2GB", 2 * 10**9),
        ("2GiB", 2 * 2**30),
        ("40 MB", 40 * 10**6),
        ("1.5kib", 1536),
        ("2048", 2048),
        ("2048B", 2048),
        ("3k", 3000),
        (" 1T ", 10**12),
    ],
)
def test_sizes_are_read_as_people_write_them(text: str, n: int) -> None:
    assert parse_bytes(text) == n


@pytest.mark.parametrize("text", ["", "MB", "-1", "1e9", "2 GBs", "1,5MB", "inf", "nan", "0x10", "2iB"])
def test_anything_else_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ((2048, 2048, 2048), "2.0 KiB"),
        ((2048, 3072, 4096), "3.0 KiB (2.0 to 4.0 KiB)"),
        ((0, 3072, 4096), "3.0 KiB (0 to 4.0 KiB)"),
        ((512, 3072, 4096), "3.0 KiB (512 B to 4.0 KiB)"),
        ((0, 0, 4096), "up to 4.0 KiB"),
        ((0, 0, 0), "0 B"),
    ],
)
def test_a_range_is_said_with_its_ends(bounds: tuple[int, int, int], said: str) -> None:
    assert say_range(*bounds, say_bytes) == said


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ((2.4e-3, 3.1e-3, 4.6e-3), "3.10 ms (2.40 to 4.60 ms)"),
        ((8e-4, 1.2e-3, 2e-3), "1.20 ms (800 us to 2.00 ms)"),
        ((1.0, 1.0, 1.0), "1.00 s"),
    ],
)
def test_a_range_of_times_reads_like_one_of_sizes(bounds: tuple[float, float, float], said: str) -> None:
    assert say_range(*bounds, say_seconds) == said


@given(st.integers(0, 2**50))
def test_a_size_in_bytes_is_read_as_it_is(n: int) -> None:
    assert parse_bytes(str(n)) == n


@given(st.integers(0, 2**49))
def test_what_is_said_is_at_most_five_percent_off(n: int) -> None:
    assert parse_bytes(say_bytes(n).replace(",", "")) == pytest.approx(n, rel=0.05, abs=1)


@pytest.mark.parametrize(("size", "step", "up"), [(0, 64, 0), (1, 64, 64), (64, 64, 64), (65, 64, 128), (7, 1, 7)])
def test_a_size_is_rounded_up_to_a_multiple(size: int, step: int, up: int) -> None:
    assert round_up(size, step) == up
