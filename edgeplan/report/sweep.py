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
from edgeplan.units import say_bytes

__all__ = ["render_sweep"]

_STYLES = {Fit.FITS: "green", Fit.LIKELY: "yellow", Fit.TOO_LARGE: "red", Fit.FAILS: "magenta"}


def render_sweep(sweep: Sweep, model: str, target: Target, *, color: bool = False, width: int | None = None) -> str:
    """The table and the answer; without `width` it fits the terminal, or 100."""
    return printed(_parts(sweep, model, target), color=color, width=width)


def _parts(sweep: Sweep, model: str, target: Target) -> Iterator[RenderableType]:
    budget = target.budget
    basis = "your budget" if budget.given is not None else budget.basis
    yield Text.assemble(_answer(sweep), "   ", (target.title, "bold"))
    yield Text(f"  {plain(model, 60)}   limit {say_bytes(sweep.limit)} ({basis})")
    yield ""
    table = Table.grid(padding=(0, 2))
    for justify in ("right", "left", "left", "left", "left"):
        table.add_column(justify=justify)
    table.add_row(*(Text(head, "dim") for head in (plain(sweep.name, 30), "inputs", "memory", "activations", "")))
    for point in sweep.points:
        table.add_row(*_row(point))
    if any(point.need is not None for point in sweep.points):
        yield Padding(table, (0, 0, 0, 2))
    failed = _failed(sweep)
    if failed and len(sweep.points) > sum(map(len, failed.values())):
        yield ""
    for reason, sizes in failed.items():
        yield Padding(Text(f"{plain(sweep.name, 30)}={', '.join(map(str, sizes))}: {plain(reason, 300)}"), (0, 0, 0, 2))


def _failed(sweep: Sweep) -> dict[str, list[int]]:
    """The sizes that cannot be analysed, by the reason."""
    found: dict[str, list[int]] = {}
    for point in sweep.points:
        if point.fit is Fit.FAILS:
            found.setdefault(point.reason, []).append(point.size)
    return found


def _answer(sweep: Sweep) -> Text:
    name = plain(sweep.name, 30)
    if sweep.largest is None:
        known = [p for p in sweep.points if p.fit is not Fit.FAILS]
        return Text(f"NO {name} FITS" if known else f"NO {name} CAN BE ANALYSED", "bold red")
    if sweep.surest == sweep.largest:
        return Text(f"{name}={sweep.largest} IS THE LARGEST THAT FITS", "bold green")
    sure = f"; {name}={sweep.surest} surely does" if sweep.surest is not None else "; none surely does"
    return Text(f"{name}={sweep.largest} IS THE LARGEST THAT LIKELY FITS{sure}", "bold yellow")


def _row(point: Point) -> tuple[Text, ...]:
    fit = Text(point.fit.value, _STYLES[point.fit])
    if point.need is None:
        return Text(f"{point.size:,}"), Text(), Text(), Text(), fit
    inputs = ", ".join(f"{plain(name, 24)} {said}" for name, said in list(point.need.inputs.items())[:3])
    return (
        Text(f"{point.size:,}"),
        Text(inputs),
        Text(str(point.need.peak)),
        Text(say_bytes(point.need.activations)),
        fit,
    )
