"""Predicted against measured latency as SVG: one panel a table, log axes, a dot a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, log10

from benchmarks.latency.validation import Held, spread_of

__all__ = ["plot"]

_SIDE, _GAP, _COLUMNS = 300, 62, 3
_TITLE = 46
"""Letters of a title that have room above a panel."""
_MOST = 600
"""Dots a panel: beyond, every n-th run is drawn."""


def plot(panels: Sequence[tuple[str, Sequence[Held]]]) -> str:
    """The drawing. The band is the range of the estimate, the line where predicted is measured."""
    rows = ceil(len(panels) / _COLUMNS)
    width, height = _COLUMNS * (_SIDE + _GAP) + 20, rows * (_SIDE + _GAP + 26) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for i, (title, held) in enumerate(panels):
        x, y = 52 + i % _COLUMNS * (_SIDE + _GAP), 34 + i // _COLUMNS * (_SIDE + _GAP + 26)
        parts += _panel(x, y, title, held)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(x: int, y: int, title: str, held: Sequence[Held]) -> Iterator[str]:
    points = [(h.loaded.run.seconds * 1e3, h.predicted * 1e3) for h in held]
    low = floor(2 * log10(min(min(p) for p in points))) / 2
    high = ceil(2 * log10(max(max(p) for p in points))) / 2
    scale = _SIDE / (high - low)

    def at(value: float) -> float:
        return (log10(value) - low) * scale

    yield f'<text x="{x}" y="{y - 12}" font-size="12" font-weight="600" fill="#222">{escape(_short(title))}</text>'
    yield f'<clipPath id="c{x}-{y}"><rect x="{x}" y="{y}" width="{_SIDE}" height="{_SIDE}"/></clipPath>'
    yield f'<rect x="{x}" y="{y}" width="{_SIDE}" height="{_SIDE}" fill="#fafafa" stroke="#ccc"/>'
    for power in range(ceil(low), floor(high) + 1):
        d, said = at(10.0**power), _say(10.0**power)
        yield f'<path d="M{x + d:.1f} {y}V{y + _SIDE}M{x} {y + _SIDE - d:.1f}H{x + _SIDE}" stroke="#e3e3e3"/>'
        yield _text(x + d, y + _SIDE + 15, "middle", said)
        yield _text(x - 6, y + _SIDE - d + 4, "end", said)
    least, most = spread_of(held)
    over, under = -log10(least) * scale, -log10(most) * scale  # predicted is measured over the ratio
    band = f"M{x} {y + _SIDE - over:.1f}L{x + _SIDE} {y - over:.1f}V{y - under:.1f}L{x} {y + _SIDE - under:.1f}Z"
    yield f'<g clip-path="url(#c{x}-{y})"><path d="{band}" fill="#2f6fde" opacity="0.12"/>'
    yield f'<path d="M{x} {y + _SIDE}L{x + _SIDE} {y}" stroke="#2f6fde"/>'
    step = ceil(len(points) / _MOST)
    for measured, predicted in points[::step]:
        cx, cy = x + at(measured), y + _SIDE - at(predicted)
        yield f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="2.2" fill="#1b1b1b" opacity="0.45"/>'
    yield "</g>"
    yield _text(x + _SIDE / 2, y + _SIDE + 32, "middle", "measured (ms); upright: predicted")


def _text(x: float, y: float, anchor: str, said: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="11" fill="#666" text-anchor="{anchor}">{said}</text>'


def _short(title: str) -> str:
    return title if len(title) <= _TITLE else f"{title[: _TITLE - 3]}..."


def _say(ms: float) -> str:
    return f"{ms:g}"
