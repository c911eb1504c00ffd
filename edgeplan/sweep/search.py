"""The largest size that fits: a coarse look over the whole range, then halving between what fits and what does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from edgeplan.memory.range import Range

__all__ = ["Fit", "Need", "Point", "Sweep", "search", "sizes_between"]

SCHEMA_VERSION = 1

_COARSE = 7
"""Sizes looked at before the search; the halving adds at most the logarithm of all sizes there are."""


class Fit(Enum):
    """What a limit says of a need that may be a range."""

    FITS = "fits"
    LIKELY = "likely fits"
    TOO_LARGE = "does not fit"
    FAILS = "cannot be analysed"


@dataclass(frozen=True, slots=True)
class Need:
    """What a model takes at one size: the peak of memory, of it what activations take, and the inputs it then has."""

    peak: Range
    activations: int
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Point:
    """One size, what it needs, or why it cannot be analysed."""

    size: int
    fit: Fit
    need: Need | None = None
    reason: str = ""


@dataclass(frozen=True)
class Sweep:
    """The points looked at, by size; `largest` is the largest that likely fits, `surest` the one that surely does."""

    name: str
    limit: int
    points: tuple[Point, ...]
    largest: int | None
    surest: int | None
    schema_version: int = field(default=SCHEMA_VERSION)


def sizes_between(low: int, high: int, step: int | None = None) -> range:
    """The sizes of a range, both ends included.

    Without a step it is the largest power of two, up to 32, that divides both ends: networks that halve an image five
    times take multiples of 32.
    """
    if step is None:
        step = next(s for s in (32, 16, 8, 4, 2, 1) if low % s == 0 and high % s == 0)
    return range(low, high + 1, step)


def search(name: str, sizes: Sequence[int], limit: int, need: Callable[[int], Need | str]) -> Sweep:
    """Look at some of `sizes`, ascending, such that the largest that fits is among them.

    `need` gives what a size needs or why it cannot be analysed. Memory is taken to grow with the size; where what was
    looked at says otherwise, the largest fit is still one that was looked at.
    """
    seen: dict[int, Point] = {}

    def look(at: int) -> Fit:
        if at not in seen:
            seen[at] = _point(sizes[at], limit, need(sizes[at]))
        return seen[at].fit

    last = len(sizes) - 1
    for at in sorted({round(last * k / (_COARSE - 1)) for k in range(_COARSE)}):
        look(at)
    for wanted in ((Fit.FITS, Fit.LIKELY), (Fit.FITS,)):
        fitting = [at for at, p in seen.items() if p.fit in wanted]
        if not fitting:
            continue
        low = max(fitting)
        high = min((at for at, p in seen.items() if at > low), default=low + 1)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if look(middle) in wanted else (low, middle)
    points = tuple(seen[at] for at in sorted(seen))
    return Sweep(
        name,
        limit,
        points,
        max((p.size for p in points if p.fit in (Fit.FITS, Fit.LIKELY)), default=None),
        max((p.size for p in points if p.fit is Fit.FITS), default=None),
    )


def _point(size: int, limit: int, need: Need | str) -> Point:
    if isinstance(need, str):
        return Point(size, Fit.FAILS, reason=need)
    if need.peak.high <= limit:
        return Point(size, Fit.FITS, need)
    return Point(size, Fit.LIKELY if need.peak.likely <= limit else Fit.TOO_LARGE, need)
