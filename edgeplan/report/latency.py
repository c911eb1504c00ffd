"""The time of a plan in the terminal report: the figure, what it goes to, and the slowest kernels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import fsum

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.cost.kernel_time import KernelTime
from edgeplan.cost.latency import Latency
from edgeplan.plan import Plan
from edgeplan.report.escape import plain
from edgeplan.report.evidence import source_line
from edgeplan.units import say_percent, say_seconds

__all__ = ["PARTS", "basis_lines", "family_title", "kernel_name", "kernels_table", "latency_rows", "parts_of"]

PARTS: Mapping[str, str] = {
    "work": "arithmetic",
    "traffic": "traffic",
    "launch": "launches",
    "penalty": "penalties",
    "floor": "floor",
    "crossings": "crossings",
}
"""What time goes to, as a report calls it. The floor is what any run takes, whatever the network."""

_SHOWN = 5
"""Kernels that the report shows when it shows everything."""

_LEAST = 0.005
"""Of the time: a part that takes less is not named in the sentence."""


def latency_rows(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Rows of (head, what is said, its kind)."""
    latency = plan.latency
    if latency.total is None:
        yield "latency", f"not known: {plain(latency.why, 300)}", ""
        return
    yield "latency", latency.total.said(), "estimated"
    said = _sentence(latency)
    if said:
        yield "", said, ""
    alone = latency.elsewhere
    if alone is not None and latency.total.high >= alone.low and any(u.accelerator and u.ops for u in plan.units):
        yield "", f"without the accelerator {alone.said()}", "estimated"


def parts_of(latency: Latency) -> dict[str, float]:
    """Seconds by what they go to, the keys of `PARTS`, largest first; they add up to the likely time."""
    found = {part: fsum(u.by_part.get(part, 0.0) for u in latency.units) for part in ("work", "traffic", "launch")}
    found["penalty"] = fsum(u.by_part.get("penalty", 0.0) for u in latency.units)
    found |= {"floor": latency.floor, "crossings": latency.crossings}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _sentence(latency: Latency) -> str:
    """`62 % traffic, 21 % arithmetic, 12 % launches, 5 % floor`."""
    parts = parts_of(latency)
    whole = fsum(parts.values())
    return ", ".join(f"{say_percent(s / whole)} {PARTS[p]}" for p, s in parts.items() if whole and s > _LEAST * whole)


def kernels_table(plan: Plan, most: int = _SHOWN) -> RenderableType:
    """The slowest kernels: time, share of the whole, what they are busy with, and the ops in them."""
    table = Table.grid(padding=(0, 2))
    for justify in ("right", "right", "left", "left"):
        table.add_column(justify=justify, no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    whole = plan.latency.total.likely if plan.latency.total else 0.0
    titles = {u.unit: u.title for u in plan.units}
    several = len(plan.latency.units) > 1
    table.add_row(*(Text(head, "dim") for head in ("time", "share", "bound by", "family", "ops")))
    for time in sorted(plan.latency.kernels, key=lambda t: -t.seconds)[:most]:
        named = Text(kernel_name(plan, time))
        if several:
            named.append(f"   {titles[time.unit]}", "dim")
        share = say_percent(time.seconds / whole) if whole else ""
        table.add_row(say_seconds(time.seconds), share, PARTS[time.bound], family_title(time.family), named)
    return Padding(table, (0, 0, 0, 4))


def family_title(family: str) -> str:
    """A family of ops as a report calls it: what a unit's arithmetic goes to are multiply-accumulates, not these."""
    return "element-wise" if family == "arithmetic" else family


def kernel_name(plan: Plan, time: KernelTime) -> str:
    """`/stem/Conv (conv), +2 fused; transposes`: the source op at the head, its type, and the penalties."""
    head = plan.ops[time.ops[0]]
    fused = f", +{len(time.ops) - 1} fused" if len(time.ops) > 1 else ""
    added = f"; {', '.join(f'{name} {say_seconds(s)}' for name, s in time.penalties.items())}" if time.penalties else ""
    return f"{plain(next(iter(head.sources), head.name), 60)} ({plain(head.type, 40)}){fused}{added}"


def basis_lines(latency: Latency) -> Iterator[Text]:
    """What the figures rest on: one line for the whole, then each source once."""
    if latency.total is None:
        return
    yield Text(latency.total.basis)
    for evidence in dict.fromkeys(e for unit in latency.units for e in unit.evidence):
        yield Text(source_line(evidence), "dim")
