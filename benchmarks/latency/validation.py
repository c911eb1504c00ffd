"""Grouped cross-validation: every run predicted by a fit that saw no variant of its network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, exp, log, sqrt

import numpy as np

from benchmarks.latency.fit import Fitted, predict
from benchmarks.latency.runs import Loaded

__all__ = ["Held", "Score", "cross_validate", "power_of", "score", "spearman", "spread_of"]


@dataclass(frozen=True, slots=True)
class Held:
    """A run with what a fit that did not see its group says: seconds.

    `around` are the factors of the range that is published for it, where the published figures are checked.
    """

    loaded: Loaded
    predicted: float
    around: tuple[float, float] | None = None

    @property
    def ratio(self) -> float:
        """Measured over predicted."""
        return self.loaded.run.seconds / self.predicted


@dataclass(frozen=True, slots=True)
class Score:
    """Of held-out runs: median error, Spearman's rank correlation (within each device, the median), the share inside
    the range, the share of pairs more than 30 % apart that are ordered right, and how many runs and networks.
    """

    error: float
    rank: float
    covered: float
    ordered: float
    runs: int
    models: int


def cross_validate(runs: Sequence[Loaded], train: Callable[[Sequence[Loaded]], Fitted], folds: int = 10) -> list[Held]:
    """Out-of-fold predictions: groups are dealt out by size, one fit a fold."""
    groups: dict[str, list[Loaded]] = {}
    for r in runs:
        groups.setdefault(r.run.group, []).append(r)
    bins: list[list[str]] = [[] for _ in range(min(folds, len(groups)))]
    for name in sorted(groups, key=lambda g: (-len(groups[g]), g)):
        min(bins, key=lambda b: sum(len(groups[g]) for g in b)).append(name)
    found: list[Held] = []
    for held in bins:
        out = [r for name in held for r in groups[name]]
        rest = [r for r in runs if r.run.group not in held]
        found += (Held(r, float(p)) for r, p in zip(out, predict(out, train(rest)), strict=True))
    return found


def spread_of(held: Sequence[Held], level: float = 0.8) -> tuple[float, float]:
    """The factors between which that share of measured over predicted lies, on groups of networks not seen.

    Quantiles of few groups are too sure of themselves: they are raised to the least power, not below 1, at which, each
    group left out in turn, the quantiles of the others hold that share of the runs.
    """
    low, high = _quantiles(held, level)
    ranges = ((group, _quantiles(rest, level)) for group, rest in _groups_and_others(held))
    power = power_of([(h, around) for group, around in ranges for h in group], level)
    return low**power, high**power


def power_of(ranges: Sequence[tuple[Held, tuple[float, float]]], level: float = 0.8) -> float:
    """The least power, not below 1, to which the ranges have to be raised to hold that share of the runs."""
    needed = sorted(_needed(log(h.ratio), low, high) for h, (low, high) in ranges)
    return max(1.0, needed[ceil(level * len(needed)) - 1]) if needed else 1.0


_MOST_POWER = 3.0


def _needed(off: float, low: float, high: float) -> float:
    end = log(high) if off > 0 else log(low)
    return min(off / end, _MOST_POWER) if end else _MOST_POWER


def _groups_and_others(held: Sequence[Held]) -> Iterator[tuple[list[Held], Sequence[Held]]]:
    """The runs of each group of networks, and all others; the same again where there is one group only."""
    groups: dict[str, list[Held]] = {}
    for h in held:
        groups.setdefault(h.loaded.run.group, []).append(h)
    for name, mine in groups.items():
        yield mine, [h for h in held if h.loaded.run.group != name] or held


def _quantiles(held: Sequence[Held], level: float) -> tuple[float, float]:
    """Of measured over predicted; a run of a group with many counts less."""
    ratios = np.array([log(h.ratio) for h in held])
    sizes = Counter(h.loaded.run.group for h in held)
    weights = np.array([1 / sqrt(sizes[h.loaded.run.group]) for h in held])
    order = np.argsort(ratios)
    at = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    tail = (1 - level) / 2
    low, high = np.interp([tail, 1 - tail], at, ratios[order])
    return min(exp(low), 1.0), max(exp(high), 1.0)


def score(held: Sequence[Held]) -> Score:
    """The figures of a table; the range of a run is that published for it, else that of all groups but its own."""
    errors = [abs(h.predicted / h.loaded.run.seconds - 1) for h in held]
    by_device: dict[str, list[Held]] = {}
    for h in held:
        by_device.setdefault(h.loaded.run.device, []).append(h)
    ranks = [spearman(hs) for hs in by_device.values() if len(hs) >= 5]
    right = pairs = 0
    for hs in by_device.values():
        r, n = _ordered(hs)
        right, pairs = right + r, pairs + n
    inside = 0
    for group, rest in _groups_and_others(held):
        others = (0.0, 0.0) if all(h.around for h in group) else spread_of(rest)
        for h in group:
            low, high = h.around or others
            inside += low <= h.ratio <= high
    return Score(
        float(np.median(errors)),
        float(np.median(ranks)) if ranks else float("nan"),
        inside / len(held),
        right / pairs if pairs else float("nan"),
        len(held),
        len({h.loaded.run.file for h in held}),
    )


def spearman(held: Sequence[Held]) -> float:
    """The rank correlation of what was predicted with what was measured."""

    def ranks(values: Sequence[float]) -> np.ndarray:
        array = np.array(values)
        return np.array([(array < v).sum() + ((array == v).sum() - 1) / 2 for v in array])

    a = ranks([h.loaded.run.seconds for h in held])
    b = ranks([h.predicted for h in held])
    return float(np.corrcoef(a, b)[0, 1])


def _ordered(held: Sequence[Held]) -> tuple[int, int]:
    """Pairs of networks on one device whose times differ by more than 30 %: those ordered right, and all."""
    m = np.array([h.loaded.run.seconds for h in held])
    p = np.array([h.predicted for h in held])
    apart = m[:, None] > 1.3 * m[None, :]
    return int((apart & (p[:, None] > p[None, :])).sum()), int(apart.sum())
