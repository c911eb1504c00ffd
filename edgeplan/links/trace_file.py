"""Traces of a link as CSV files: `time_s,up_mbps[,down_mbps][,rtt_ms]`, every complaint with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from statistics import median

from edgeplan.links.trace import Sample, Trace, TraceError
from edgeplan.units import count, say_bytes

__all__ = ["parse_trace", "read_trace"]

_LARGEST = 64 * 2**20
_MOST_ROWS = 1_000_000
_COLUMNS: Mapping[str, float] = {"time_s": 1e13, "up_mbps": 1e6, "down_mbps": 1e6, "rtt_ms": 1e6}
"""What a file may have, and the most a cell may say: more is a figure in another unit."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_REGULAR = 0.9
"""Of the steps of a log that is kept at even times so many are of one length, give or take a tenth."""

_MISSING = 2.5
"""Steps after which a log kept at even times has left rows out."""


def read_trace(path: Path, *, rtt: float | None = None) -> Trace:
    """The trace in a CSV file of at most 64 MiB; `rtt` (seconds) is the round trip where the file has none.

    See `parse_trace` for the form. Raises `TraceError`.
    """
    try:
        if not path.is_file():
            raise TraceError(f"{str(path)!r} is no file")
        size = path.stat().st_size
        if size > _LARGEST:
            raise TraceError(f"{str(path)!r} has {say_bytes(size)}; a trace has at most {say_bytes(_LARGEST)}")
        data = path.read_bytes()
    except OSError as e:
        raise TraceError(f"{str(path)!r} cannot be read: {e.strerror}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise TraceError(f"{str(path)!r} is no CSV file in UTF-8")
    return parse_trace(text, rtt=rtt, name=path.name)


def parse_trace(text: str, *, rtt: float | None = None, name: str = "trace") -> Trace:
    r"""The trace that a CSV text tells.

    The first line names the columns, in any order: `time_s` and `up_mbps`, and perhaps `down_mbps` (else as fast as up)
    and `rtt_ms` (else `rtt` seconds). Each row holds until the next; times ascend, and count from the first row. The
    last row holds for the median step. Bandwidth 0 is an outage. `#` begins a comment. Where at least 9 in 10 steps are
    of one length, a log was kept at even times: a step of more than 2.5 lengths then is a gap, known for one length
    only. Raises `TraceError` with the number of the line.
    """
    lines = _lines(text)
    try:
        number, cells = next(lines)
    except StopIteration:
        raise TraceError(f"{name!r} is empty: the first line is time_s,up_mbps,down_mbps,rtt_ms") from None
    columns = _header(number, cells, name)
    if "rtt_ms" not in columns and rtt is None:
        raise TraceError(f"{name!r}, line {number}: no column rtt_ms, and no network that tells the round trip")
    samples: list[Sample] = []
    first = 0.0
    for number, cells in lines:
        told = _row(number, cells, columns, name)
        first = told["time_s"] if not samples else first
        start = told["time_s"] - first
        if samples and start <= samples[-1].start:
            before = first + samples[-1].start
            raise TraceError(f"{name!r}, line {number}: time_s {told['time_s']:.12g} does not come after {before:.12g}")
        up = told["up_mbps"] * 1e6
        down = told["down_mbps"] * 1e6 if "down_mbps" in told else up
        trip = told["rtt_ms"] / 1e3 if "rtt_ms" in told else rtt
        assert trip is not None
        samples.append(Sample(start, up, down, trip))
        if len(samples) > _MOST_ROWS:
            raise TraceError(f"{name!r}, line {number}: over {_MOST_ROWS:,} rows")
    if len(samples) < 2:
        raise TraceError(f"{name!r} has {count(len(samples), 'row')}; a row holds until the next, so two are needed")
    return _trace(samples, name)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of the lines that say something, each with the line's number."""
    rows = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, row in enumerate(rows, 1):
        said = row.partition("#")[0].strip()
        if said:
            yield number, [cell.strip().strip('"').strip() for cell in said.split(",")]


def _header(number: int, cells: Sequence[str], name: str) -> tuple[str, ...]:
    columns = tuple(c.lower() for c in cells)
    for column in columns:
        if column not in _COLUMNS:
            near = get_close_matches(column, list(_COLUMNS), n=1, cutoff=0.6)
            hint = f"did you mean {near[0]}?" if near else f"the first line names {', '.join(_COLUMNS)}"
            raise TraceError(f"{name!r}, line {number}: no column is called {_shown(column)}; {hint}")
    missing = [c for c in ("time_s", "up_mbps") if c not in columns]
    if missing:
        raise TraceError(f"{name!r}, line {number}: there is no column {missing[0]}")
    if len(set(columns)) < len(columns):
        raise TraceError(f"{name!r}, line {number}: a column is there twice")
    return columns


def _row(number: int, cells: Sequence[str], columns: Sequence[str], name: str) -> dict[str, float]:
    if len(cells) != len(columns):
        raise TraceError(f"{name!r}, line {number}: {len(cells)} cells under {len(columns)} columns")
    told: dict[str, float] = {}
    for column, cell in zip(columns, cells, strict=True):
        if not cell:
            raise TraceError(
                f"{name!r}, line {number}: {column} is empty (0 is an outage; leave out what is not known)"
            )
        if not _NUMBER.fullmatch(cell):
            raise TraceError(f"{name!r}, line {number}: {column} is {_shown(cell)}, which is no number")
        value = float(cell)
        if value < 0 and column != "time_s":
            raise TraceError(f"{name!r}, line {number}: {column} is {_shown(cell)}, below 0")
        if abs(value) > _COLUMNS[column]:
            raise TraceError(f"{name!r}, line {number}: {column} is {_shown(cell)}: is that in {column.split('_')[1]}?")
        told[column] = value
    return told


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 40 else text[:40] + "...")


def _trace(samples: Sequence[Sample], name: str) -> Trace:
    starts = [s.start for s in samples]
    steps = [after - before for before, after in pairwise(starts)]
    usual = median(steps)
    regular = sum(abs(step - usual) <= 0.1 * usual for step in steps) >= _REGULAR * len(steps)
    long = [i for i, step in enumerate(steps) if regular and step > _MISSING * usual]
    gaps = tuple((starts[i] + usual, starts[i + 1]) for i in long)
    return Trace(tuple(samples), starts[-1] + usual, gaps, f"the file {name}")
