"""From fits to entries of `rules/<backend>/latency`: records, how far a range is widened; and what is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isnan

from benchmarks.latency.fit import Factors, Fitted
from benchmarks.latency.validation import Held, power_of, score, spearman
from edgeplan.capability.rows import load_backend
from edgeplan.cost.speeds import Fit, all_speeds
from edgeplan.cost.unit_speed import Speeds

__all__ = ["UNFITTED", "published", "record", "widened", "with_published_ranges"]

UNFITTED = Fit("", "", 0, 0, 0, 0, 0)
"""Stands in a speed until it was fitted."""

_AT_LEAST = 1.3
"""The power for a chip of few runs: that these lie well within the range may be luck."""


def record(held: Sequence[Held], table: str, module: str) -> Fit:
    """How well the figures hold on networks they were not fitted on; `module` is that of the table, by its name.

    The rank correlation is that of all runs where no device has enough of them.
    """
    s = score(held)
    rank = spearman(held) if isnan(s.rank) else s.rank
    script = f"{module.replace('.', '/')}.py"
    return Fit(table, script, s.models, s.runs, *(round(x, 3) for x in (s.error, rank, s.covered)))


def widened(held: Sequence[Held], around: tuple[float, float], few: int) -> float:
    """The power to which a range has to be raised to hold 80 % of a chip's own runs; fewer than `few` prove little."""
    power = power_of([(h, around) for h in held])
    return max(power, _AT_LEAST) if len(held) < few else power


def with_published_ranges(held: Sequence[Held]) -> list[Held]:
    """The runs with the range that a plan would give, that of the unit which does most of the work."""
    found = []
    for h in held:
        kernel = max(h.loaded.kernels, key=lambda k: (k.macs, k.moved))
        at = Speeds(h.loaded.target).of(kernel.unit, kernel.precision)
        found.append(replace(h, around=(at.low, at.high)) if at else h)
    return found


def published(backend: str, unit: str, precision: str) -> Fitted:
    """The figures that stand in the rules, for a table that only checks them."""
    found = all_speeds(load_backend(backend))
    speeds = tuple(s for s in found.speed if unit in s.unit and precision in s.precision)
    measured = {chip for s in speeds for chip in s.chips}
    chips = {
        c.chip: Factors(c.work, c.traffic, c.fixed)
        for c in found.chip
        if c.like in measured and unit in c.unit and (not c.precision or precision in c.precision)
    }
    return Fitted(speeds, chips)
