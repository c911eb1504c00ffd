"""A sweep as text: the sizes looked at, what each needs, and the largest that fits."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.report.console import printed
from edgeplan.report.escape import plain
from edgeplan.sweep.search import Fit, Point, Sweep
from edgeplan.target import Target
from edgeplan.units import say_bytes, say_range

__all__ = ["render_sweep"]

_STYLES = {Fit.FITS: "green", Fit.LIKELY: "yellow", Fit.TOO_LARGE: "red", Fit.FAILS: "magenta"}


def render_sweep(sweep: Sweep, model: str, target: Target, *, color: bool = False, width: int | None = None) -> str:
    """The table and the answer; without `width` it fits the terminal, or 100."""
    return printed(_parts(sweep, model, target), color=color, width=width)


def _parts(sweep: Sweep, model: str, target: Target) -> Iterator[RenderableType]:
    budget = target.budget
    basis = "your budget" if budget.given is not None else budget.basis
    yield Text.assemble(_answer(sweep), "   ", (target.title, "bold"))
    yield Text(f"  {plain(model, 60)}   of {say_bytes(sweep.limit)} ({basis})")
    yield ""
    table = Table.grid(padding=(0, 2))
    for justify in ("right", "left", "left", "left", "left"):
        table.add_column(justify=justify)
    table.add_row(*(Text(head, "dim") for head in (plain(sweep.name, 30), "inputs", "memory", "activations", "")))
    for point in sweep.points:
        table.add_row(*_row(point))
    yield Padding(table, (0, 0, 0, 2))


def _answer(sweep: Sweep) -> Text:
    name = plain(sweep.name, 30)
    if sweep.largest is None:
        known = [p for p in sweep.points if p.fit is not Fit.FAILS]
        return Text(f"NO {name} FITS" if known else f"NO {name} CAN BE ANALYSED", "bold red")
    sure = (
        "" if sweep.surest == sweep.largest else f", surely {name}={sweep.surest}" if sweep.surest else ", not surely"
    )
    return Text(f"{name}={sweep.largest} IS THE LARGEST THAT FITS{sure}", "bold green" if not sure else "bold yellow")


def _row(point: Point) -> tuple[Text, ...]:
    fit = Text(point.fit.value, _STYLES[point.fit])
    if point.need is None:
        return Text(f"{point.size:,}"), Text(plain(point.reason, 120), "dim"), Text(), Text(), fit
    peak = point.need.peak
    inputs = ", ".join(f"{plain(name, 24)} {said}" for name, said in list(point.need.inputs.items())[:3])
    return (
        Text(f"{point.size:,}"),
        Text(inputs),
        Text(say_range(peak.low, peak.likely, peak.high)),
        Text(say_bytes(point.need.activations)),
        fit,
    )
