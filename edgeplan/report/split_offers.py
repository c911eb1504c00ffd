"""Tables beside a split: encodings of what is sent, a trace of a link, and the trade-off of time, energy and money."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.report.escape import plain
from edgeplan.report.fitting import Fitting
from edgeplan.report.split_words import say_dollars, way_title
from edgeplan.splitting.simulate import Simulated, best_way
from edgeplan.splitting.split import SplitPlan
from edgeplan.units import say_bytes, say_joules, say_percent, say_seconds

if TYPE_CHECKING:
    from edgeplan.surgery.splitting.fidelity import Encoded

__all__ = ["curve_parts", "encoding_parts", "trace_parts"]

_NEAR = 1.2
"""How many times the best way's time a split may take, encoded, for the encodings to count."""


def encoding_parts(found: SplitPlan, measured: Sequence[Encoded], everything: bool) -> Iterator[RenderableType]:
    """What is sent, encoded in each way: bytes, seconds on the link, the latency then, and what the encoding loses.

    `measured` is what encodings left of the outputs, where the two models were run.
    """
    offers = found.encodings
    least = min((o.latency.likely for o in offers), default=inf)
    best = found.chosen.latency
    counts = everything or bool(measured) or (best is not None and least <= _NEAR * best.likely)
    if len(offers) < 2 or not counts:
        return
    runs = {e.encoding: e for e in measured}
    snr = {o.encoding: runs[o.encoding].snr if o.encoding in runs else o.snr for o in offers}
    known = any(value is not None for value in snr.values())
    heads = ["send as", "bytes", *(["measured"] if runs else []), "up in", "latency", *(["SNR dB"] if known else [])]
    rows = []
    for offer in offers:
        row = [offer.encoding, f"{'' if offer.exact else 'up to '}{say_bytes(offer.sent)}"]
        if runs:
            row.append(say_bytes(runs[offer.encoding].bytes) if offer.encoding in runs else "")
        row += [say_seconds(offer.seconds), offer.latency.said()]
        rows.append([*row, *([_decibels(snr[offer.encoding])] if known else [])])
    yield ""
    yield _grid(heads, rows, right=("bytes", "measured", "SNR dB"))
    notes: dict[str, list[str]] = {}
    for offer in offers:
        if offer.note:
            notes.setdefault(offer.note, []).append(offer.encoding)
    for note, names in notes.items():
        if everything or len(notes) <= 2:
            yield Padding(Text(f"{', '.join(names)}: {plain(note, 300)}", "dim"), (0, 0, 0, 2))


def trace_parts(found: SplitPlan) -> Iterator[RenderableType]:
    """What requests took over the trace by each way, by the table, and with hindsight; who answered them."""
    runs = found.simulated
    if not runs:
        return
    heads = ["over the trace", "mean", "p50", "p95", "p99", "fell back", "lost", "changes"]
    rows = [
        [
            _who(found, run),
            *(say_seconds(t) if t is not None else "none" for t in (run.mean, run.p50, run.p95, run.p99)),
            _part_of(run.fallbacks, run.requests),
            _part_of(run.lost, run.requests),
            f"{run.switches:,}",
        ]
        for run in runs
    ]
    yield ""
    yield _grid(heads, rows, right=heads[1:])
    said = f"{runs[0].requests:,} requests; fell back: after the timeout the device ran the whole model"
    untold, overlapping = max(r.untold for r in runs), max(r.overlapping for r in runs)
    if untold:
        said += f"; of up to {untold:,} more the trace does not tell the end"
    if overlapping:
        said += f"; up to {overlapping:,} began while another ran, and are reckoned as if they had all for themselves"
    yield Padding(Text(said, "dim"), (0, 0, 0, 2))
    on_average, slow = best_way(runs, "mean"), best_way(runs, "p95")
    if on_average is not None and slow is not None:
        first, second = (way_title(found.ways[i], 28) for i in (on_average, slow))
        best = f"{first}, on average and at p95" if first == second else f"{first} on average, {second} at p95"
        yield Padding(Text(f"best where one way is kept: {best}"), (0, 0, 0, 2))


def _who(found: SplitPlan, run: Simulated) -> str:
    """Who chose the way: it is always the same, by the uplink, or with hindsight."""
    if run.way is not None:
        return way_title(found.ways[run.way], 28)
    return "by uplink, as above" if run.by == "policy" else "with hindsight"


def curve_parts(found: SplitPlan) -> Iterator[RenderableType]:
    """The ways that no other one beats in time, energy and money at once, fastest first."""
    if len(found.curve) < 2:
        return
    energy = any(p.energy is not None for p in found.curve)
    money = any(p.cost is not None for p in found.curve)
    heads = ["trade-off", "latency", *(["energy"] if energy else []), *(["$ a million"] if money else [])]
    rows = []
    for point in sorted(found.curve, key=lambda p: p.latency):
        row = [way_title(point.way), say_seconds(point.latency)]
        if energy:
            row.append(say_joules(point.energy) if point.energy is not None else "")
        if money:
            row.append(say_dollars(point.cost) if point.cost is not None else "")
        rows.append(row)
    yield ""
    yield _grid(heads, rows, right=("latency", "energy", "$ a million"))


def _grid(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for head in heads:
        table.add_column(justify="right" if head in right else "left", no_wrap=True)
    table.add_row(*(Text(head, "dim") for head in heads))
    for row in rows:
        table.add_row(*map(Text, row))
    return Padding(Fitting([table]), (0, 0, 0, 2))


def _decibels(snr: float | None) -> str:
    if snr is None:
        return ""
    return "exact" if snr == inf else "none" if snr == -inf else f"{snr:.0f}"


def _part_of(some: int, whole: int) -> str:
    return f"{some:,} ({say_percent(some / whole)})" if some and whole else "0"
