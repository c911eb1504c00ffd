"""What a rewrite did, or would do, as text: the steps with their gain and risk, both plans, and how it was checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.advice import Figures
from edgeplan.finding import Severity
from edgeplan.report.advice import advice_parts, near_parts, say_places, say_time
from edgeplan.report.console import printed
from edgeplan.report.escape import plain
from edgeplan.surgery.advice import figures
from edgeplan.surgery.rewriting import HostPart, Rewriting
from edgeplan.units import count, say_bytes, say_macs

if TYPE_CHECKING:
    from edgeplan.plan import Plan

__all__ = ["render_rewriting", "say_findings"]


def render_rewriting(
    found: Rewriting, *, everything: bool = False, color: bool = False, width: int | None = None
) -> str:
    """The report as text; without `width` it fits the terminal, or 100."""
    return printed(_parts(found, everything), color=color, width=width)


def _parts(found: Rewriting, everything: bool) -> Iterator[RenderableType]:
    title = found.target.title if found.target is not None else "for any target"
    yield Text.assemble(("REWRITE", "bold green"), "   ", (title, "bold"))
    yield Padding(f"{plain(found.model, 60)}   {found.ops_before:,} ops -> {found.ops_after:,}", (0, 0, 0, 2))
    yield ""
    idle = found.ops_before == found.ops_after and not found.proofs
    yield from advice_parts(() if idle else found.steps)
    if everything:
        for dropped in found.dropped:
            places = say_places(dropped.sites)
            yield Padding(Text(f"- {dropped.rewrite}  {places}, not kept: {dropped.why}", "dim"), (0, 0, 0, 2))
    yield from near_parts(found.near, everything)
    if found.plans is not None:
        yield ""
        yield Padding(plans_table(*found.plans), (0, 0, 0, 2))
    yield ""
    yield Padding(Text(_summary(found), "bold"), (0, 0, 0, 2))
    if found.host is not None:
        yield Padding(_host(found.host), (0, 0, 0, 2))
    yield Padding(_checked(found), (0, 0, 0, 2))
    if not everything and found.dropped:
        yield Padding(Text(f"{len(found.dropped)} more fit and were not kept: --all says why", "dim"), (0, 0, 0, 2))


def plans_table(before: Plan, after: Plan) -> Table:
    """Both plans side by side."""
    old, new = figures(before), figures(after)
    table = Table.grid(padding=(0, 2))
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_row("", Text("before", "dim"), Text("after", "dim"))
    rows = [
        ("outcome", before.outcome.value, after.outcome.value),
        ("time", say_time(old), say_time(new)),
        ("segments", f"{old.segments:,}", f"{new.segments:,}"),
        ("crossings", f"{old.crossings:,}", f"{new.crossings:,}"),
        ("off accel.", _off(old), _off(new)),
        ("memory", say_bytes(old.peak), say_bytes(new.peak)),
        ("findings", say_findings(before), say_findings(after)),
    ]
    for name, was, now in rows:
        table.add_row(Text(name), Text(was), Text(now, "" if was == now else "bold green"))
    return table


def _off(found: Figures) -> str:
    return f"{say_macs(found.off)}, {say_bytes(found.off_bytes)}"


def say_findings(plan: Plan) -> str:
    """`1 warning, 6 notes`."""
    counts = {s: sum(f.severity is s for f in plan.findings) for s in (Severity.ERROR, Severity.WARNING, Severity.NOTE)}
    return ", ".join(f"{n} {s.value}{'' if n == 1 else 's'}" for s, n in counts.items() if n) or "none"


def _summary(found: Rewriting) -> str:
    cures = sum(not c.left for s in found.steps for c in s.cures)
    cured = f", {cures} finding{'' if cures == 1 else 's'} cured" if found.target is not None else ""
    fewer = found.ops_before - found.ops_after
    ops = f"{count(abs(fewer), 'op')} {'fewer' if fewer > 0 else 'more'}" if fewer else "as many ops"
    names = len({s.rewrite for s in found.steps if s.sites})
    used = f"{count(names, 'rewrite')} {say_places(found.proofs)}" if names else "no rewrite used"
    return f"{used}, {ops}{cured}"


def _host(part: HostPart) -> Text:
    """What of the end of the model only the host runs."""
    names = ", ".join(plain(n, 40) for n in part.ops[:2]) + (f", +{len(part.ops) - 2:,}" if len(part.ops) > 2 else "")
    what = f"the last {count(len(part.ops), 'op')} ({names})"
    if part.cut:
        given = ", ".join(plain(n, 40) for n in part.boundary)
        return Text(f"{what} are a model of their own, for the host; it is handed {given}", "green")
    return Text(f"{what} run on the host: {plain(part.why, 200) or '--cut-host makes them a model of their own'}")


def _checked(found: Rewriting) -> Text:
    one, written = found.comparison, ", ".join(plain(w, 400) for w in found.written)
    if one is None:
        return Text("nothing written" if not found.written else f"written, not verified: {written}")
    if not one.runs:
        said = f"each site was proved; the whole was not compared: {plain(one.why, 200)}"
        return Text(f"{said}\nwritten: {written}")
    if not one.equal:
        return Text(f"NOT EQUAL: {plain(one.why, 200)}; nothing written", "bold red")
    weights = " with random weights" if one.random_weights else ""
    runs = f"{count(one.runs, 'run')}{weights}"
    said = f"verified: outputs differ by {one.worst:.0e} at most in {runs} (limit {one.tolerance:.0e})"
    if one.unstable:
        names = ", ".join(plain(n, 40) for n in one.unstable)
        said = f"{said}; but for {names}, which rounding the inputs moves as far"
    return Text(f"{said}\nwritten: {written}", "green")
