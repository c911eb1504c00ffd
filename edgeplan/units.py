"""Bytes, times, energies and operation counts: said for people, and parsed from what people write."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

__all__ = [
    "count",
    "parse_bytes",
    "parse_seconds",
    "round_up",
    "say_bytes",
    "say_count",
    "say_joules",
    "say_macs",
    "say_percent",
    "say_range",
    "say_seconds",
]

_N = TypeVar("_N", int, float)

_TIME = re.compile(r"^\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>s|ms|us)\s*$")
_SIZE = re.compile(r"^\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>(?:[kmgt]i?)?b?)\s*$", re.IGNORECASE)


def round_up(size: int, step: int) -> int:
    """The least multiple of `step` that is not below `size`."""
    return -(-size // step) * step


def say_bytes(n: int | float) -> str:
    """`4.5 MiB`: binary units, one decimal below 100, never a lone number."""
    value = float(n)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(value) < 1024 or unit == "TiB":
            break
        value /= 1024
    if unit == "B":
        return f"{int(value)} B"
    return f"{value:,.1f} {unit}" if value < 100 else f"{value:,.0f} {unit}"


def say_count(n: int) -> str:
    """`1.9 G`, `300.8 M`, `5.9 k`: decimal prefixes, as MACs and parameters are quoted."""
    value = float(n)
    for prefix in ("", "k", "M", "G", "T"):
        if abs(value) < 1000 or prefix == "T":
            break
        value /= 1000
    if not prefix:
        return str(n)
    return f"{value:,.3g} {prefix}" if value < 100 else f"{value:,.1f} {prefix}"


def say_macs(macs: int | None) -> str:
    """`1.9 GMACs`, `512 MACs`."""
    if macs is None:
        return "MACs not known"
    said = say_count(macs)
    return f"{said}MACs" if " " in said else f"{said} MACs"


def count(n: int, what: str) -> str:
    """`1 op`, `2 ops`."""
    return f"{n} {what}{'' if n == 1 else 's'}"


def say_percent(share: float) -> str:
    """`96 %`; a share that rounds to 0 or 100 without being it is said as `<1 %` or `>99 %`."""
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 <= share < 1:
        return ">99 %"
    return f"{share * 100:.0f} %"


def parse_bytes(text: str) -> int:
    """`2GB` (decimal), `2GiB` (binary), `2048` (bytes). Raises `ValueError` on anything else."""
    m = _SIZE.match(text)
    if m is None:
        raise ValueError(f"not a size: {text!r} (write 40MB, 2GiB or a number of bytes)")
    unit = m["unit"].lower().rstrip("b")
    base = 1024 if unit.endswith("i") else 1000
    power = "kmgt".index(unit[0]) + 1 if unit and unit[0] in "kmgt" else 0
    return int(float(m["number"]) * base**power)


def say_range(low: _N, likely: _N, high: _N, say: Callable[[_N], str]) -> str:
    """`17.0 MiB`; `17.0 MiB (15.2 to 40.1 MiB)` where it is no one number, `up to 6.6 MiB` where it likely is none.

    `say` says one figure: a number and its unit.
    """
    least, most = say(low), say(high)
    if least == most:
        return say(likely)
    if not likely:
        return f"up to {most}"
    number, unit = least.split(" ")
    return f"{say(likely)} ({number if unit == most.split(' ')[1] or not low else least} to {most})"


def say_seconds(seconds: float) -> str:
    """`3.1 ms`, `85 us`, `1.24 s`: two or three digits."""
    return _metric(seconds, "s")


def say_joules(joules: float) -> str:
    """`12 mJ`, `1.4 J`: likewise."""
    return _metric(joules, "J")


def _metric(value: float, unit: str) -> str:
    for prefix, size in (("", 1.0), ("m", 1e-3), ("u", 1e-6)):
        number = value / size
        if number >= 0.9995 or prefix == "u":
            break
    said = f"{number:,.0f}" if number >= 99.95 else f"{number:.1f}" if number >= 9.995 else f"{number:.2f}"
    return f"{said} {prefix}{unit}"


def parse_seconds(text: str) -> float:
    """`5ms`, `0.5 s`, `800us` in seconds. Raises `ValueError` on anything else."""
    m = _TIME.match(text)
    if m is None:
        raise ValueError(f"not a time: {text!r} (write 5ms, 800us or 0.5s)")
    return float(m["number"]) * {"s": 1.0, "ms": 1e-3, "us": 1e-6}[m["unit"]]
