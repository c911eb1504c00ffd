"""The schemes of compression side by side, as a table with as many columns as the terminal has room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from edgeplan.compression.choice import Choice
from edgeplan.compression.errors import Errors
from edgeplan.compression.table import Compression
from edgeplan.memory.range import Range
from edgeplan.units import say_bytes, say_percent, say_seconds

__all__ = ["SchemeTable", "say_span"]

_STYLES = {"takes": "", "degrades": "yellow", "cannot": "dim", "unknown": "magenta"}
_UNBOUNDED = 1000
"""Columns that no table needs."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """What the table has beside the schemes, their downloads and times.

    With `most` it has the most that the weights hold, with `ranges` those of the times; what is `held` goes with the
    layers left out.
    """

    peak: bool = False
    units: bool = False
    most: bool = False
    ranges: bool = True
    held: bool = True


_LAYOUTS = (
    _Columns(peak=True, units=True, most=True),
    _Columns(units=True, most=True),
    _Columns(units=True),
    _Columns(),
    _Columns(ranges=False),
    _Columns(ranges=False, held=False),
)
"""From the widest on: a terminal gets the first that fits."""


@dataclass(frozen=True, slots=True)
class SchemeTable:
    """The table, with as many columns as the terminal has room for."""

    found: Compression
    rows: tuple[Choice, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        tables = [_table(self.found, self.rows, columns) for columns in _LAYOUTS]
        widths = [Measurement.get(console, options.update(width=_UNBOUNDED), t).maximum for t in tables]
        yield next((t for t, width in zip(tables, widths, strict=True) if width <= options.max_width), tables[-1])


def _table(found: Compression, rows: Sequence[Choice], columns: _Columns) -> Table:
    units = columns.units and found.model.macs is not None and len({_units(c) for c in rows}) > 1
    cells: dict[str, list[str]] = {
        "scheme": [c.scheme for c in rows],
        "download": [_size(c.download) for c in rows],
    }
    if columns.held:
        say = say_span if columns.most else _size
        cells["weights held"] = [say(c.weights_memory) for c in rows]
    if columns.peak:
        cells["peak"] = [_size(c.memory) for c in rows]
    if units:
        cells["units"] = [_units(c) for c in rows]
    if any(c.latency is not None for c in rows):
        cells["time"] = [_time(c, columns.ranges) for c in rows]
    if any(c.error is not None for c in rows):
        cells["SNR dB"] = [_error(c.error) for c in rows]
    if columns.held and any(c.skipped for c in rows):
        cells["skipped"] = [str(len(c.skipped) or "") for c in rows]
    table = Table.grid(padding=(0, 2))
    for head in cells:
        table.add_column(justify="left" if head in ("scheme", "units", "time") else "right", no_wrap=True)
    table.add_row(*(Text(head, "dim") for head in cells))
    for i, one in enumerate(rows):
        style = "dim" if one.over else _STYLES[one.verdict]
        table.add_row(*(Text(column[i], style) for column in cells.values()))
    return table


def _time(one: Choice, ranges: bool) -> str:
    if one.latency is None:
        return "not known"
    return one.latency.said() if ranges else say_seconds(one.latency.likely)


def _size(size: Range | None) -> str:
    return "" if size is None else say_bytes(size.likely)


def say_span(size: Range | None) -> str:
    """`24.4 to 48.6 MiB`: likely, and at most; `24.4 MiB` where that is the same."""
    if size is None:
        return ""
    if not size.high:
        return "mapped file"
    low, high = say_bytes(size.likely), say_bytes(size.high)
    if low == high:
        return high
    number, unit = low.split(" ")
    return f"{number if high.endswith(f' {unit}') else low} to {high}"


def _units(one: Choice) -> str:
    """`ane`, `ane 96 %`, `cpu`: the units by their names, and the part of the work the first of them does."""
    used = [u for u in one.units if u.ops]
    busy = [u for u in used if u.macs_share >= 0.005] or used
    if not busy:
        return ""
    first = busy[0]
    return first.unit if len(busy) == 1 else f"{first.unit or 'no unit'} {say_percent(first.macs_share)}"


def _error(error: Errors | None) -> str:
    """`40 / 35`: of the middle layer and of the worst."""
    if error is None or not isfinite(error.median):
        return ""
    return f"{error.median:.0f} / {error.worst:.0f}"
