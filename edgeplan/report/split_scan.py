"""Why the cut lies where it does: the time over the place of the cut, and what to do at which bandwidth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import isfinite

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.report.escape import plain
from edgeplan.report.fitting import Fitting
from edgeplan.report.split_words import say_rate, way_title
from edgeplan.splitting.policy import Span
from edgeplan.splitting.split import SplitPlan, Stop
from edgeplan.units import say_bytes, say_seconds

__all__ = ["PARTS", "op_count", "policy_parts", "scan_parts", "shown_stops", "stop_title"]

PARTS = (("#", "blue", "device"), ("~", "yellow", "link"), ("+", "green", "cloud"))
"""What a bar is made of: its sign, colour, and what it stands for."""

_FORMS = ((36, 36, True), (28, 24, True), (24, 14, True), (17, 8, False))
"""From the widest on: characters of a name and of a bar, and whether the ops are counted."""

_SHOWN = 9
_BEYOND = 3.0
"""How many times the whole on one side a bar may stand for: a slow link's first ops would flatten all the others."""


def scan_parts(found: SplitPlan, everything: bool) -> Iterator[RenderableType]:
    """A bar for the best place in each stretch of the model: time on either side and over the link; then the proof."""
    stops = [s for s in found.stops if isfinite(s.seconds)]
    if len(stops) > 2:
        shown = stops if everything else shown_stops(stops, _SHOWN)
        yield ""
        total = op_count(found)
        yield Padding(Fitting([_chart(shown, total, *form) for form in _FORMS]), (0, 0, 0, 2))
    if found.certified:
        yield Padding(Text(plain(found.certified, 400), "dim"), (0, 0, 0, 2))


def shown_stops(stops: Sequence[Stop], most: int) -> list[Stop]:
    """The first, the last, and of so many stretches between them the best one each, in order."""
    if len(stops) <= most:
        return list(stops)
    inner, groups = stops[1:-1], most - 2
    cuts = [len(inner) * i // groups for i in range(groups + 1)]
    best = [min(inner[a:b], key=lambda s: s.seconds) for a, b in pairwise(cuts)]
    return [stops[0], *best, stops[-1]]


def op_count(found: SplitPlan) -> int:
    """The ops of the model that a cut shares out, whether or not the device may have them all."""
    way = found.choices[0].way
    return len(way.device_ops) + way.cloud_ops


def stop_title(stop: Stop, total: int, longest: int) -> str:
    """`all in the cloud`, `/layer2/conv2`, `all on the device`."""
    if not stop.op:
        return "all in the cloud"
    return "all on the device" if stop.ops == total else plain(stop.op, longest)


def _chart(stops: Sequence[Stop], total: int, longest: int, width: int, counted: bool) -> Table:
    least = min(s.seconds for s in stops)
    whole = min(max(s.seconds for s in stops), _BEYOND * max(stops[0].seconds, stops[-1].seconds))
    table = Table.grid(padding=(0, 2))
    for justify in ("left", *(["right"] if counted else []), "right", "right", "left"):
        table.add_column(justify=justify, no_wrap=True)  # type: ignore[arg-type]
    legend = Text("  ").join(Text(f"{sign} {name}", style) for sign, style, name in PARTS)
    table.add_row(*(Text(h, "dim") for h in ("cut after", *(["ops"] if counted else []), "sends", "time")), legend)
    for stop in stops:
        style = "bold green" if stop.seconds == least else ""
        bar = _bar(stop, whole, width)
        if stop.seconds == least:
            bar.append("  least", style)
        cells = [f"{stop.ops:,}"] if counted else []
        cells.append(say_bytes(stop.bytes) if stop.bytes else "")
        time = Text(say_seconds(stop.seconds), style)
        table.add_row(Text(stop_title(stop, total, longest), style), *cells, time, bar)
    return table


def _bar(stop: Stop, whole: float, width: int) -> Text:
    """Signs for the time here, over the link and there; `>` where it goes on."""
    link = max(stop.seconds - stop.device - stop.cloud, 0.0)
    bar, drawn, passed = Text(), 0, 0.0
    for (sign, style, _), seconds in zip(PARTS, (stop.device, link, stop.cloud), strict=True):
        passed += seconds
        until = min(round(width * passed / whole), width) if whole else 0
        bar.append(sign * (until - drawn), style)
        drawn = max(until, drawn)
    return bar.append(">", "dim") if stop.seconds > whole * (1 + 1e-9) else bar


def policy_parts(found: SplitPlan) -> Iterator[RenderableType]:
    """What to do at which uplink: where this network lies is marked `*`, where its range reaches `-`."""
    if len(found.spans) < 2:
        return
    yield ""
    yield Padding(Fitting([_policy(found, longest) for longest in (40, 24)]), (0, 0, 0, 2))


def _policy(found: SplitPlan, longest: int) -> Table:
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "right", "left", "left"):
        table.add_column(justify=justify, no_wrap=True)
    table.add_row("", Text("uplink", "dim"), Text("best", "dim"), Text("sends", "dim"))
    up = found.network.up
    for span in found.spans:
        way = found.ways[span.way]
        here = span.low <= up.likely < span.high
        near = span.low <= up.high and up.low < span.high
        style = "bold green" if here else "" if near else "dim"
        sent = say_bytes(way.up_bytes) if way.offloads else ""
        cells = ("*" if here else "-" if near else "", _said_span(span), way_title(way, longest), sent)
        table.add_row(*(Text(cell, style) for cell in cells))
    return table


def _said_span(span: Span) -> str:
    """`under 2.10 Mbit/s`, `2.10 Mbit/s to 30 Mbit/s`, `from 30 Mbit/s`."""
    if span.low <= 0:
        return f"under {say_rate(span.high)}" if isfinite(span.high) else "any"
    if not isfinite(span.high):
        return f"from {say_rate(span.low)}"
    low, high = say_rate(span.low), say_rate(span.high)
    number, unit = low.split(" ")
    return f"{number if high.endswith(f' {unit}') else low} to {high}"
