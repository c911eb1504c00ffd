"""The three ways side by side: a column a way, a row for each part of its time, and for what else it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.cost.estimate import Estimate
from edgeplan.report.escape import plain
from edgeplan.report.fitting import Fitting
from edgeplan.report.split_words import listed, refusal, say_costs, short_title
from edgeplan.splitting.split import Choice, SplitPlan
from edgeplan.units import say_bytes, say_joules, say_seconds

__all__ = ["ways_parts"]

_PARTS: Mapping[str, str] = {
    "device": "on the device",
    "up": "sent up",
    "trip": "round trip",
    "cloud": "in the cloud",
    "down": "sent back",
}
"""What the time of a way is made of, in the order it passes."""

_TINY = 1e-7
"""Seconds below which a part is nothing: no link and no unit is so fast."""


def ways_parts(found: SplitPlan, everything: bool) -> Iterator[RenderableType]:
    """The table, then why a way is refused, its time not known, or a figure missing."""
    tables = [_table(found, *form) for form in ((True, True), (True, False), (False, False))]
    yield Padding(Fitting(tables), (0, 0, 0, 2))
    lines: list[tuple[str, str]] = []
    for one in found.choices:
        title = short_title(one.way)
        if one.refused:
            lines.append((f"{title} is not allowed: {refusal(one)}", "red"))
        elif one.latency is None:
            lines.append((f"time of {title} not known: {refusal(one)}", "magenta"))
    missing = list(_missing(found.choices))
    if everything or found.objective != "latency":
        lines += [(f"{what}{of} not known: {why}", "dim") for what, of, why in missing]
    elif missing:
        names = listed(list(dict.fromkeys(what for what, _, _ in missing)))
        lines.append((f"not known of every way: {names}; --all says why", "dim"))
    if lines:
        yield ""
    for said, style in lines:
        yield Padding(Text(said, style), (0, 0, 0, 2))
    if everything:
        for basis in dict.fromkeys(b for c in found.choices for b in _bases(c)):
            yield Padding(Text(plain(basis, 600), "dim"), (0, 0, 0, 4))


def _bases(one: Choice) -> Iterator[str]:
    for figure in (one.latency, *one.parts.values(), one.energy, one.cost):
        if figure is not None and figure.basis:
            yield figure.basis


def _missing(choices: Sequence[Choice]) -> Iterator[tuple[str, str, str]]:
    """Which energies and costs are not known, of which ways, and why; nothing of a way that is not allowed."""
    allowed = [c for c in choices if not c.refused]
    for what, pairs in (
        ("energy", [(c.energy_why, c) for c in allowed if c.energy is None]),
        ("cloud cost", [(c.cost_why, c) for c in allowed if c.cost is None]),
    ):
        groups: dict[str, list[str]] = {}
        for why, one in pairs:
            if why:
                groups.setdefault(why, []).append(short_title(one.way))
        for why, ways in groups.items():
            of = "" if len(ways) == len(allowed) else f" of {listed(ways)}"
            yield what, of, plain(why, 300)


def _table(found: SplitPlan, whole: bool, parts: bool) -> Table:
    """The table; ranges beside the sums where `whole`, beside the parts where `parts`."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    for _ in found.choices:
        table.add_column(no_wrap=True)
    table.add_row("", *(_head(found, i) for i in range(len(found.choices))))
    for name, cells in _rows(found.choices, whole, parts):
        if any(cells):
            said = (Text(cell, "dim" if c.refused else "") for c, cell in zip(found.choices, cells, strict=True))
            table.add_row(Text(name, "bold" if name == "latency" else ""), *said)
    return table


def _head(found: SplitPlan, index: int) -> Text:
    one = found.choices[index]
    title = short_title(one.way)
    if one.refused:
        return Text(f"x {title}", "red")
    if index == found.best and one.latency is not None:
        return Text(f"* {title}", "bold green")
    if index in found.rivals:
        return Text(f"= {title}", "bold yellow")
    return Text(title, "dim")


def _rows(choices: Sequence[Choice], whole: bool, parts: bool) -> Iterator[tuple[str, list[str]]]:
    yield "latency", [_time(c.latency, whole) if c.latency is not None else "not known" for c in choices]
    if not whole:
        yield "  range", [_range(c.latency) for c in choices]
    for part, name in _PARTS.items():
        yield f"  {name}", [_part(c, part, parts) for c in choices]
    yield "with outages", [say_seconds(c.expected) if c.expected is not None else "" for c in choices]
    yield "energy", [_said(c.energy, whole, say_joules) for c in choices]
    yield "memory", [say_bytes(c.memory) if c.memory else "" for c in choices]
    yield "cost of 1 M runs", [say_costs(c.cost, whole) if c.cost is not None else "" for c in choices]


def _part(one: Choice, part: str, ranges: bool) -> str:
    """`2.20 s, 1.5 MiB`: nothing where the way has no such part."""
    found = one.parts.get(part)
    if found is None or found.high < _TINY:
        return ""
    size = {"up": one.way.up_bytes, "down": one.way.down_bytes}.get(part)
    return f"{_time(found, ranges)}{f', {say_bytes(size)}' if size else ''}"


def _range(found: Estimate | None) -> str:
    """`240 to 390 ms`: what stands in brackets where there is room."""
    said = found.said().partition(" (")[2] if found is not None else ""
    return said.removesuffix(")")


def _time(found: Estimate, ranges: bool) -> str:
    return found.said() if ranges else say_seconds(found.likely)


def _said(found: Estimate | None, ranges: bool, say: Callable[[float], str]) -> str:
    if found is None:
        return ""
    return found.said(say) if ranges else say(found.likely)
