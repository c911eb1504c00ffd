"""What is wrong with a backend's memory figures: bounds, spans, words and sources, each complaint a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from edgeplan.capability.rows import Backend
from edgeplan.memory.figures import MemoryFigure, all_figures

__all__ = ["figure_complaints"]


def figure_complaints(backend: Backend) -> Iterator[str]:
    """Every complaint about a backend's figures, by name."""
    for name, figures in all_figures(backend).items():
        if not figures:
            yield f"{name}: no figure"
        for figure in figures:
            yield from (f"{name}: {words}" for words in _one(figure, backend))
        for a, b in combinations(figures, 2):
            if _releases(a, backend) & _releases(b, backend):
                yield f"{name}: two figures speak of one release"


def _releases(figure: MemoryFigure, backend: Backend) -> set[str]:
    """The releases a figure speaks of; none where its span names one there is not, which is said elsewhere."""
    if not {figure.since, figure.until} <= {"", *backend.releases}:
        return set()
    return {r for r in backend.releases if backend.covers(figure.since, figure.until, r)}


def _one(figure: MemoryFigure, backend: Backend) -> Iterator[str]:
    low, likely, high = figure.bounds()
    if not 0 <= low <= likely <= high:
        yield f"{low:g} <= {likely:g} <= {high:g} does not hold"
    if not figure.why.endswith("."):
        yield "why is no sentence"
    if not figure.source:
        yield "no source"
    for key, words in figure.source.items():
        if key not in backend.sources:
            yield f"cites {key!r}, which is no source"
        if not words:
            yield f"does not say what {key!r} says"
    for release in (figure.since, figure.until):
        if release and release not in backend.releases:
            yield f"{release!r} is no release"
