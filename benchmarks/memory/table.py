"""Planned memory beside measured, set by set, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.memory.compared import Compared
from edgeplan.units import say_bytes

__all__ = ["section", "summary"]

_NAMED = 5
"""Of the models outside the tolerance, how many are named."""


def summary(title: str, reach: tuple[float, float], found: Sequence[Compared]) -> str:
    """A row of the table: what was asked, what was reached, how far the plans are off in the middle and at worst."""
    share, tolerance = reach
    within = sum(abs(c.off) <= tolerance for c in found)
    off = [abs(c.off) for c in found]
    asked = f"{share:.0%} within {_percent(tolerance)}"
    return (
        f"| {title} | {len(found)} | {asked} | **{within / len(found):.1%}** ({within}) | {_percent(median(off))} |"
        f" {_percent(max(off))} |"
    )


def section(title: str, reach: tuple[float, float], about: str, found: Sequence[Compared]) -> Iterator[str]:
    """What was measured and how, and the models that the plan misses."""
    yield f"## {title}"
    yield ""
    yield about
    yield ""
    missed = sorted((c for c in found if abs(c.off) > reach[1]), key=lambda c: -abs(c.off))
    if not missed:
        yield "None is farther off than that."
        yield ""
        return
    yield "| farthest off | | measured | planned | off |"
    yield "|---|---|--:|--:|--:|"
    for c in missed[:_NAMED]:
        yield f"| `{c.model}` | {c.what} | {_range(c.measured)} | {_range(c.planned)} | {c.off:+.0%} |"
    if len(missed) > _NAMED:
        yield f"| {len(missed) - _NAMED} more | | | | |"
    yield ""


def _range(bounds: tuple[int, int]) -> str:
    low, high = map(say_bytes, bounds)
    return low if low == high else f"{low} to {high}"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}" if share else "0"
