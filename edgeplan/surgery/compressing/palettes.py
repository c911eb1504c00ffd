"""Palettes of weights by k-means along the line they lie on: exact sums from sorted values, no sampling, no chance."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["palette_errors"]

_TURNS = 40
"""Turns at most; it ends earlier where the error falls by less than `_ENOUGH` of itself."""

_ENOUGH = 1e-3

_TRADES = 4
"""One in so many pairs of centres may be traded in a turn."""

_MARKS = 4096
"""Places of a row at which its density is looked at."""

_HALF = 1 << 15


def palette_errors(
    rows: NDArray[np.float16], bits: Collection[int], zeros: bool = True
) -> dict[int, NDArray[np.float64]]:
    """The sum of squared errors of each row, held in a palette of 2^bits numbers of its own, for several `bits`.

    Without `zeros`, these are stored apart and need none of the numbers.

    Centres start where an ideal quantiser of that density has them (at the cube root of it) and move as Lloyd's method
    moves them, which in one dimension leaves them close to the best there are.
    """
    values, counts = _sorted(rows)
    if not zeros:
        counts = np.where(values == 0, 0, counts)
    spread = float(np.ptp(values)) if values.size else 0.0
    if spread == 0:
        return {b: np.zeros(len(rows)) for b in bits}
    line = _Line(values, counts, spread)
    return {b: line.errors(1 << b) for b in bits}


def _sorted(rows: NDArray[np.float16]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values of each row in order, and how often each occurs: one row is counted, several are only sorted."""
    codes = np.ascontiguousarray(rows).view(np.int16)
    if len(rows) == 1:
        seen = np.bincount(codes.reshape(-1).view(np.uint16), minlength=1 << 16)
        met = np.flatnonzero(seen).astype(np.uint16)
        values = met.view(np.float16).astype(np.float64)
        order = np.argsort(values, kind="stable")
        return values[order][None], seen[met][order][None].astype(np.float64)
    line = np.sort(codes ^ ((codes >> 15) & (_HALF - 1)), axis=1, kind="stable")  # in the order of the floats
    return (line ^ ((line >> 15) & (_HALF - 1))).view(np.float16).astype(np.float64), np.ones(rows.shape)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Pieces of each row: how many values are in each, their sum, and that of their squares."""

    count: NDArray[np.float64]
    total: NDArray[np.float64]
    squares: NDArray[np.float64]

    def joined(self) -> _Parts:
        """Each two neighbours as one."""
        return _Parts(*(part[:, ::2] + part[:, 1::2] for part in (self.count, self.total, self.squares)))

    @property
    def means(self) -> NDArray[np.float64]:
        """The mean of each piece, 0 for an empty one."""
        return np.asarray(self.total / np.maximum(self.count, 1))

    def errors(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum of squared differences from a number for each piece, by row."""
        found = self.squares - 2 * at * self.total + at * at * self.count
        return np.asarray(found.sum(axis=1).clip(min=0))

    def apart(self, first: slice, second: slice) -> NDArray[np.float64]:
        """By how much the error of two pieces falls when they have a centre each, not one."""
        both = self.count[:, first] + self.count[:, second]
        gap = self.means[:, first] - self.means[:, second]
        return np.asarray(self.count[:, first] * self.count[:, second] / np.maximum(both, 1) * gap * gap)


def _traded(at: NDArray[np.float64], cells: _Parts, halves: _Parts, odd: int) -> NDArray[np.float64]:
    """Centres after neighbours that are as good as one have become one, and as many where two gain more than that."""
    count = at.shape[1]
    pairs = np.arange(odd, count - 1, 2)
    if not pairs.size:
        return at
    gain = halves.apart(slice(0, None, 2), slice(1, None, 2))
    cost = cells.apart(slice(odd, count - 1, 2), slice(odd + 1, count, 2))
    most = max(pairs.size // _TRADES, 1)
    split = np.argsort(-gain, axis=1)[:, :most]
    chosen = np.zeros(at.shape, bool)
    np.put_along_axis(chosen, split, True, axis=1)
    cost = np.where(chosen[:, pairs] | chosen[:, pairs + 1], np.inf, cost)
    merge = np.argsort(cost, axis=1)[:, :most]
    pays = np.take_along_axis(gain, split, axis=1) > np.take_along_axis(cost, merge, axis=1)
    row, col = np.nonzero(pays)
    left, wide = pairs[merge[row, col]], split[row, col]
    both = cells.count[row, left] + cells.count[row, left + 1]
    made = at.copy()
    joined = (cells.total[row, left] + cells.total[row, left + 1]) / np.maximum(both, 1)
    made[row, left] = np.where(both > 0, joined, at[row, left])
    made[row, left + 1] = halves.means[row, 2 * wide]
    made[row, wide] = halves.means[row, 2 * wide + 1]
    made.sort(axis=1)
    return made


class _Line:
    """Rows of sorted values laid behind each other on one line, with running sums over it."""

    def __init__(self, values: NDArray[np.float64], counts: NDArray[np.float64], spread: float) -> None:
        self.rows, self.size = values.shape
        self.values, self.counts = values, counts
        low = float(values.min())
        self.step = 2 * spread
        self.shift = (np.arange(self.rows) * self.step - low)[:, None]
        self.flat = (values + self.shift).reshape(-1)
        at = np.linspace(0, self.size - 1, min(self.size, _MARKS)).astype(int)
        self.marks = values[:, at]
        between = _running(counts)[:, at]
        self.share = _running(np.cbrt(np.diff(between, axis=1) * np.diff(self.marks, axis=1) ** 2))
        self.sums = [_running(part) for part in (counts, counts * values, counts * values * values)]

    def errors(self, centres: int) -> NDArray[np.float64]:
        """The sum of squared errors of each row with so many centres."""
        at = self._start(centres)
        best = np.full(self.rows, np.inf)
        for turn in range(_TURNS):
            last = best
            halves = _Parts(*self._halves(at))
            cells = halves.joined()
            best = np.minimum(last, cells.errors(at))
            if best.sum() >= (1 - _ENOUGH) * last.sum() and turn % 2:
                break
            at = _traded(np.where(cells.count > 0, cells.means, at), cells, halves, turn % 2)
        return best

    def _start(self, centres: int) -> NDArray[np.float64]:
        """Centres spread over each row by the cube root of its density: by gaps between values that are as frequent."""
        wanted = (np.arange(centres) + 0.5) / centres
        return np.stack([np.interp(wanted * s[-1], s, v) for s, v in zip(self.share, self.marks, strict=True)])

    def _halves(self, at: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        """Count, sum and sum of squares of the values nearest to each centre, below it and above it."""
        bounds = np.empty((self.rows, 2 * at.shape[1] + 1))
        bounds[:, 1::2] = at
        bounds[:, 2:-1:2] = (at[:, 1:] + at[:, :-1]) / 2
        bounds[:, 0], bounds[:, -1] = -np.inf, np.inf
        where = self._where(bounds)
        return tuple(np.diff(np.take_along_axis(s, where, axis=1), axis=1) for s in self.sums)

    def _where(self, bounds: NDArray[np.float64]) -> NDArray[np.int64]:
        """How many values of its row lie below each bound."""
        rows = np.arange(self.rows)[:, None] * self.size
        found = np.searchsorted(self.flat, bounds + self.shift)
        return np.asarray(np.clip(found - rows, 0, self.size))


def _running(part: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums along each row up to each place, with 0 in front."""
    made = np.zeros((part.shape[0], part.shape[1] + 1))
    np.cumsum(part, axis=1, out=made[:, 1:])
    return made
