"""A fleet as a matrix: a row a target, a column a network, in each cell what to do, what that takes and gains."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.report.console import printed
from edgeplan.report.escape import plain
from edgeplan.report.fitting import Fitting
from edgeplan.report.split_words import cloud_title, say_dollars, say_rate, short_title, way_title
from edgeplan.splitting.fleet import Fleet
from edgeplan.splitting.split import Choice, SplitPlan
from edgeplan.units import say_bytes, say_joules, say_macs, say_seconds

__all__ = ["render_fleet"]

_STYLES = {"device": "cyan", "cloud": "green", "split": "bold"}


def render_fleet(found: Fleet, *, color: bool = False, width: int | None = None) -> str:
    """The matrix; where it does not fit the terminal (or 100 columns), a line for each pair."""
    return printed(_parts(found), color=color, width=width)


def _parts(found: Fleet) -> Iterator[RenderableType]:
    first = found.plans[0][0]
    model = first.model
    facts = [say_bytes(model.file_bytes)] if model.file_bytes is not None else []
    facts += [f"{model.ops:,} op{'' if model.ops == 1 else 's'}", say_macs(model.macs)]
    yield Text.assemble((_verdict(found), "bold"), "   with ", (cloud_title(first), "bold"))
    yield Padding(Text(f"{plain(model.name, 60)}   {', '.join(facts)}"), (0, 0, 0, 2))
    yield ""
    yield Padding(
        Fitting([_matrix(found), *(_compact(found, most) for most in (40, 24, 16)), _list(found)]), (0, 0, 0, 2)
    )
    plans = [p for row in found.plans for p in row]
    notes = []
    if any(p.rivals for p in plans):
        notes.append("= cannot be told apart from the next best: measure both")
    if any(_next(p) for p in plans):
        notes.append("1.4x: the next best takes so many times as much")
    reasons: dict[str, dict[str, None]] = {}
    for plan in plans:
        if why := _unknown(plan):
            reasons.setdefault(why, {})[f"{plan.device.title} over {plan.network.id}"] = None
    for why, pairs in reasons.items():
        named = list(pairs)
        more = f" and {len(named) - 1} more" if len(named) > 1 else ""
        notes.append(f"{named[0]}{more}: {why}")
    if notes:
        yield ""
    for note in notes:
        yield Padding(Text(plain(note, 400), "dim"), (0, 0, 0, 2))


def _verdict(found: Fleet) -> str:
    """`4 DEVICE ONLY, 1 SPLIT, 1 NOT KNOWN`: how many pairs end so."""
    counts: dict[str, int] = {}
    for plan in (p for row in found.plans for p in row):
        counts[_outcome(plan)] = counts.get(_outcome(plan), 0) + 1
    return ", ".join(f"{n} {outcome.upper()}" for outcome, n in counts.items())


def _outcome(plan: SplitPlan) -> str:
    if plan.chosen.refused:
        return "not allowed"
    best = plan.chosen
    return short_title(best.way) if best.latency is not None else "not known"


def _unknown(plan: SplitPlan) -> str:
    """Why a pair has no answer."""
    best = plan.chosen
    return (best.refused or best.why) if _outcome(plan) in ("not allowed", "not known") else ""


def _matrix(found: Fleet) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    for _ in found.plans[0]:
        table.add_column(no_wrap=True)
    heads = [f"{p.network.id}\n{say_rate(p.network.up.likely)} up" for p in found.plans[0]]
    table.add_row("", *(Text(plain(head.partition("\n")[0], 24), "dim") for head in heads))
    table.add_row("", *(Text(head.partition("\n")[2], "dim") for head in heads))
    for index, row in enumerate(found.plans):
        cells = [_cell(plan) for plan in row]
        if index:
            table.add_row("")
        device, _, runtime = row[0].device.title.partition(", ")
        for at, head in enumerate((Text(device), Text(runtime, "dim"), Text(""))):
            table.add_row(head, *(cell[at] for cell in cells))
    return table


def _compact(found: Fleet, most: int) -> Table:
    """The matrix, a target's name in `most` columns; a cell has the kind of the best way, its figure, and the gain."""
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold", max_width=most)
    for _ in found.plans[0]:
        table.add_column(no_wrap=True)
    table.add_row("", *(Text(plain(p.network.id, 16), "dim") for p in found.plans[0]))
    for row in found.plans:
        cells = []
        for plan in row:
            what, takes, gain = _cell(plan)
            kind = f"{'= ' if plan.rivals else ''}{plan.chosen.way.kind}"
            text = Text(f"{kind} {takes}", what.style) if takes.plain else what
            cells.append(Text("\n").join([text, Text(gain.plain.partition(" ")[0], "dim")]))
        table.add_row(row[0].device.title.partition(", ")[0], *cells)
    return table


def _cell(plan: SplitPlan) -> tuple[Text, Text, Text]:
    """What to do; what that takes; what is gained over the next best."""
    outcome = _outcome(plan)
    if outcome in ("not allowed", "not known"):
        return Text(outcome, "red" if outcome == "not allowed" else "magenta"), Text(""), Text("")
    best = plan.chosen
    said = way_title(best.way, 18).removeprefix("split ")
    return (
        Text(f"{'= ' if plan.rivals else ''}{said}", "yellow" if plan.rivals else _STYLES[best.way.kind]),
        Text(_said(plan, best)),
        Text(_next(plan), "dim"),
    )


def _list(found: Fleet) -> Table:
    table = Table.grid(padding=(0, 2))
    for _ in range(5):
        table.add_column()
    table.add_row(*(Text(head, "dim") for head in ("target", "network", "best", "", "")))
    for row in found.plans:
        for index, plan in enumerate(row):
            what, takes, gain = _cell(plan)
            name = row[0].device.title.partition(", ")[0] if not index else ""
            table.add_row(name, plain(plan.network.id, 24), what, takes, gain)
    return table


def _said(plan: SplitPlan, one: Choice) -> str:
    """The figure that is made least."""
    value = _figure(plan, one)
    if value is None:
        return "not known"
    return {"latency": say_seconds, "energy": say_joules, "cost": say_dollars}[plan.objective](value)


def _figure(plan: SplitPlan, one: Choice) -> float | None:
    if plan.objective == "latency":
        return one.seconds
    found = {"energy": one.energy, "cost": one.cost}[plan.objective]
    return found.likely if found is not None else None


def _next(plan: SplitPlan) -> str:
    """`1.4x under cloud only`: the next best way that is allowed, and how much more it takes."""
    best = plan.chosen
    mine = _figure(plan, best)
    others = [(f, c) for c in plan.choices if c is not best and not c.refused and (f := _figure(plan, c)) is not None]
    if best.refused or not mine or not others:
        return ""
    figure, other = min(others, key=lambda pair: pair[0])
    ratio = figure / mine
    if ratio < 1:  # a budget of time, or errors that are not those of both, speak for the best
        return ""
    said = f"{ratio:.1f}" if ratio < 99.95 else f"{ratio:,.0f}"
    return f"{said}x under {short_title(other.way)}"
