"""Where the time goes, in full: by unit and family, the slowest kernels, and the figures all of it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import fsum

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.cost.latency import Latency
from edgeplan.cost.unit_speed import Speeds, UnitSpeed
from edgeplan.plan import Plan
from edgeplan.report.console import printed
from edgeplan.report.energy import energy_lines, energy_rows
from edgeplan.report.escape import plain
from edgeplan.report.evidence import source_line
from edgeplan.report.latency import PARTS, family_title, kernels_table
from edgeplan.target import Target
from edgeplan.units import count, say_bytes, say_macs, say_percent, say_seconds

__all__ = ["render_latency"]

_KERNELS = 15
"""Kernels that are shown, slowest first."""

_BAR = 24
"""Characters of a bar that stands for all of the time."""

_MEANING = "One inference at a time on an idle device, warm and not throttled; about 80 % of such runs lie within."


def render_latency(plan: Plan, target: Target, *, color: bool = False, width: int | None = None) -> str:
    """The page as text; without `width` it fits the terminal, or 100. The plan's latency must be known."""
    return printed(_parts(plan, target), color=color, width=width)


def _parts(plan: Plan, target: Target) -> Iterator[RenderableType]:
    latency, total = plan.latency, plan.latency.total
    assert total is not None
    assumed = f"   assumed {plan.target.assume}" if plan.target.assume else ""
    yield Text.assemble((total.said(), "bold"), "   ", (target.title, "bold"), (assumed, "yellow"))
    kernels = f"{count(len(latency.kernels), 'kernel')} of {count(len(plan.ops), 'op')}"
    yield Text(f"  {plain(plan.model.name, 60)}   {kernels}, {say_macs(plan.model.macs)}")
    yield _indented(Text(_MEANING, "dim"))
    if latency.elsewhere is not None:
        yield _indented(Text(f"Without the accelerator it would take {latency.elsewhere.said()}."))
    yield from _section("where the time goes", _units(plan))
    yield from _section("by family of ops", _families(latency))
    shown = min(_KERNELS, len(latency.kernels))
    yield from _section(f"the {shown} slowest kernels" if shown > 1 else "the kernel", kernels_table(plan, _KERNELS))
    yield from _section("figures used", *_figures(plan, target))
    energy = [Text(f"{said} ({kind})" if kind else said) for _, said, kind in energy_rows(plan.energy, latency)]
    yield from _section("energy", *(_indented(line, 4) for line in (*energy, *energy_lines(plan.energy))))


def _section(head: str, *parts: RenderableType) -> Iterator[RenderableType]:
    yield ""
    yield _indented(Text(head, "bold"))
    yield from parts


def _indented(part: RenderableType, by: int = 2) -> RenderableType:
    return Padding(part, (0, 0, 0, by))


def _bars(rows: Sequence[tuple[str, float]], whole: float) -> RenderableType:
    """`traffic   2.0 ms   69 %   ################`."""
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "right", "right", "left"):
        table.add_column(justify=justify, no_wrap=True)
    for name, seconds in rows:
        share = round(seconds / whole, 6) if whole else 0.0  # the parts of a whole add up to it within an ulp or so
        table.add_row(name, say_seconds(seconds), say_percent(share), Text("#" * round(_BAR * share), "blue"))
    return _indented(table, 4)


def _units(plan: Plan) -> RenderableType:
    """What each unit's time goes to, its floor among it, then the hand-overs; shares are of the whole."""
    latency = plan.latency
    titles = {u.unit: u.title for u in plan.units}
    rows: list[tuple[str, float]] = []
    for unit in latency.units:
        parts: list[tuple[str, float]] = [("floor", unit.floor), *unit.by_part.items()]
        rows.append((f"{titles[unit.unit]}, {count(unit.kernels, 'kernel')}", fsum(s for _, s in parts)))
        rows += [(f"  {PARTS[p]}", s) for p, s in sorted(parts, key=lambda item: -item[1]) if s]
    if plan.crossings:
        rows.append((count(len(plan.crossings), "hand-over"), latency.crossings))
    return _bars(rows, _whole(latency))


def _families(latency: Latency) -> RenderableType:
    found: dict[str, float] = {}
    for time in latency.kernels:
        found[time.family] = found.get(time.family, 0.0) + time.seconds
    rows = [(family_title(family), s) for family, s in sorted(found.items(), key=lambda item: -item[1])]
    return _bars(rows, _whole(latency))


def _whole(latency: Latency) -> float:
    return fsum(u.seconds + u.floor for u in latency.units) + latency.crossings


def _figures(plan: Plan, target: Target) -> Iterator[RenderableType]:
    """The speeds of every unit and precision in use, as they are on this chip, and what they were fitted on."""
    speeds = Speeds(target)
    for unit, precision in sorted({(t.unit, t.precision) for t in plan.latency.kernels}):
        found = speeds.of(unit, precision)
        if found is None:
            continue
        yield _indented(Text(f"{target.unit(unit).title}, {precision}", "bold"), 4)
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(ratio=1, overflow="fold")
        for head, said in _figure_rows(found):
            table.add_row(head, said)
        yield _indented(table, 6)


def _figure_rows(at: UnitSpeed) -> Iterator[tuple[str, Text]]:
    speed, fit = at.speed, at.speed.fit
    yield "arithmetic", Text(f"{_rates(speed.gmacs, at.work)} GMAC/s")
    near = f" (of at most {say_bytes(speed.near_bytes)})" if speed.near_bytes else ""
    yield "traffic", Text(f"{_rates(speed.gbytes, at.traffic)} GB/s".replace("near ", f"near values{near} "))
    yield "launch", Text(f"{_rates(speed.launch, at.fixed)} us a kernel")
    yield "floor", Text(f"{say_seconds(speed.floor * 1e-6 * at.fixed)} a run")
    align = speed.align
    steps = [f"{name} channels by {n}" for name, n in (("input", align.input), ("output", align.output)) if n > 1]
    steps += [f"up to {align.packed} input channels together with the filter's taps"] if align.packed else []
    steps += [f"the last axis by {align.row} bytes"] if align.row > 1 else []
    if steps:
        yield "rounded up", Text(", ".join(steps))
    if speed.fuses:
        yield "fused", Text(f"{', '.join(map(family_title, speed.fuses))} into what makes their input")
    for penalty in speed.penalty:
        yield "penalty", Text(f"{penalty.name}: {penalty.why}")
    yield "range", Text(f"times {at.low:.2f} to {at.high:.2f}")
    yield "basis", Text(f"{at.basis}; {speed.note}" if speed.note else at.basis)
    held = f"median error {say_percent(fit.error)}, rank correlation {fit.rank:.2f}"
    yield "held out", Text(f"{held}, {say_percent(fit.covered)} of the runs within the range")
    yield "program", Text(fit.script)
    for evidence in at.evidence:
        yield "source", Text(source_line(evidence), "dim")


def _rates(rates: Mapping[str, float], factor: float) -> str:
    """`2,500, depthwise 250`: what holds for all other families first."""
    said = [_number(rates["*"] * factor)]
    said += [f"{family_title(k)} {_number(v * factor)}" for k, v in sorted(rates.items()) if k != "*"]
    return ", ".join(said)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
