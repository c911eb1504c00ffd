"""Of several forms of one table the first that the terminal has room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.table import Table

__all__ = ["Fitting"]

_UNBOUNDED = 1000
"""Columns that no table needs."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """Tables from the widest on; the last one folds its cells where even that is too wide."""

    tables: Sequence[Table]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        wide = options.update(width=_UNBOUNDED)
        fits = (t for t in self.tables if Measurement.get(console, wide, t).maximum <= options.max_width)
        found = next(fits, None)
        if found is None:
            found = self.tables[-1]
            for column in found.columns:
                column.no_wrap, column.overflow = False, "fold"
        yield found
