"""Whether figures that somebody wrote down can be meant: finite, between limits, and going up where they are three."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite

__all__ = ["outside"]


def outside(row: object, limits: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    """What is impossible about a row's figures, each complaint with the key; what is absent (None) is possible.

    A figure is one number, or low, likely and high. What lies outside the limits is mostly a wrong unit.
    """
    for key, (least, most) in limits.items():
        value = getattr(row, key, None)
        if value is None:
            continue
        figures = value if isinstance(value, tuple) else (value,)
        if not all(isfinite(v) and least <= v <= most for v in figures):
            yield f"{key} is {least:g} to {most:g}, not {', '.join(f'{v:g}' for v in figures)}"
        elif list(figures) != sorted(figures):
            yield f"{key} goes up: low, likely, high"
