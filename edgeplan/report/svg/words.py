"""Text that has to fit a width in pixels; no font is at hand, so widths are those of an average one."""

from __future__ import annotations

from math import fsum

from edgeplan.report.escape import plain

__all__ = ["fitted", "wide"]

_WIDTHS = {**dict.fromkeys("iIjl.,:;'|!", 0.34), **dict.fromkeys("frt()[]/- ", 0.42), **dict.fromkeys("mwMW%@", 0.95)}
_USUAL, _CAPITAL, _FULL = 0.635, 0.72, 1.0
"""Widths of letters over the font's size, those of a wide face: in most others a text takes less than is kept free."""


def wide(text: str, size: float = 12) -> float:
    """About the width of a line at a font size, both in pixels; a little more than it takes in most faces."""
    return size * fsum(_WIDTHS.get(c) or (_FULL if c > "\u02ff" else _CAPITAL if c.isupper() else _USUAL) for c in text)


def fitted(name: str, width: float, size: float = 12) -> str:
    """A name shortened at its start until it fits: in a path the end tells most. Empty where nothing useful fits."""
    text = plain(name)
    if wide(text, size) <= width:
        return text
    low, high = 0, len(text)
    while low < high:  # the longest tail that fits
        middle = (low + high + 1) // 2
        if wide(f"\u2026{text[-middle:]}", size) <= width:
            low = middle
        else:
            high = middle - 1
    return f"\u2026{text[-low:]}" if low >= _LEAST else ""


_LEAST = 4
"""Letters below which a shortened name says nothing."""
