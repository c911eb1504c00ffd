"""The terminal report: the verdict first, one screen, then what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.finding import Finding, Severity
from edgeplan.plan import Outcome, Plan
from edgeplan.report.advice import advice_parts, near_parts
from edgeplan.report.console import printed
from edgeplan.report.energy import energy_lines, energy_rows
from edgeplan.report.escape import plain
from edgeplan.report.evidence import source_line
from edgeplan.report.latency import basis_lines, kernels_table, latency_rows
from edgeplan.report.memory import memory_rows, relief_rows, terms_table
from edgeplan.summary import UnitShare
from edgeplan.units import say_bytes, say_count, say_macs, say_percent

__all__ = ["SEVERITIES", "finding_part", "render_text"]

_OUTCOMES = {
    Outcome.FITS: ("FITS", "bold green"),
    Outcome.FITS_WITH_CHANGES: ("FITS WITH CHANGES", "bold yellow"),
    Outcome.DOES_NOT_FIT: ("DOES NOT FIT", "bold red"),
    Outcome.CANNOT_TELL: ("CANNOT TELL", "bold magenta"),
}
SEVERITIES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
"""The colour of each."""

_SHOWN = 8


def render_text(
    plan: Plan, *, everything: bool = False, color: bool = False, width: int | None = None, given: str = ""
) -> str:
    """The report as text. `everything` names every op and source; without `width` it fits the terminal, or 100.

    `given` are the options that chose the target and bound the model: the commands that are named repeat them.
    """
    return printed(_parts(plan, everything, given), color=color, width=width)


def _parts(plan: Plan, everything: bool, given: str) -> Iterator[RenderableType]:
    word, style = _OUTCOMES[plan.outcome]
    yield _headline(Text(word, style), plan)
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(width=7, no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_column(justify="right", no_wrap=True)
    grid.add_row("units", _units(plan), Text("predicted", "dim"))
    grid.add_row("", _segments(plan), "")
    rows = [*memory_rows(plan.memory, plan.budget), *relief_rows(plan, everything)]
    rows += [*latency_rows(plan), *energy_rows(plan.energy, plan.latency)]
    for head, said, kind in rows:
        grid.add_row(head, said, Text(kind, "dim"))
    yield Padding(grid, (0, 0, 0, 2))
    if everything:
        yield ""
        yield terms_table(plan.memory)
        if plan.latency.kernels:
            yield ""
            yield kernels_table(plan)
            lines = (*basis_lines(plan.latency), *energy_lines(plan.energy))
            yield from (Padding(line, (0, 0, 0, 4)) for line in lines)
    shown = plan.findings if everything else plan.findings[:_SHOWN]
    for finding in shown:
        yield ""
        yield finding_part(finding, plan, everything, given)
    if plan.advice or plan.near:
        yield ""
        yield Padding(Text("rewrites, tried in this order", "bold"), (0, 0, 0, 2))
        yield from advice_parts(plan.advice)
        yield from near_parts(plan.near, everything)
    yield ""
    for line in _next(plan, len(plan.findings) - len(shown)):
        yield Padding(line, (0, 0, 0, 2))


def _headline(word: Text, plan: Plan) -> RenderableType:
    model = plan.model
    facts = [say_bytes(model.file_bytes)] if model.file_bytes is not None else []
    facts.append(f"{model.ops:,} op{'' if model.ops == 1 else 's'}")
    facts.append(say_macs(model.macs))
    if model.parameters is not None:
        facts.append(f"{say_count(model.parameters)} parameters")
    assumed = f"   assumed {plan.target.assume}" if plan.target.assume else ""
    line = Text.assemble(word, "   ", (plan.target.title, "bold"), (assumed, "yellow"), "\n  ")
    return line.append(f"{plain(model.name, 60)}   {', '.join(facts)}")


def _units(plan: Plan) -> Text:
    """`Neural Engine 96 % of the MACs, 91 % of the bytes | CPU 4 %, 9 %`."""
    text = Text()
    first = True
    for share in plan.units:
        if not share.ops and not first:
            continue
        if text:
            text.append("  |  ")
        text.append(share.title, "green" if share.accelerator else "yellow" if share.ops else "dim")
        text.append(f" {_share(plan, share, first)}")
        first = False
    return text


def _share(plan: Plan, share: UnitShare, explain: bool) -> str:
    if plan.model.free_dimensions:
        return f"{share.ops:,} of {len(plan.ops):,} ops" if explain else f"{share.ops:,}"
    macs, moved = say_percent(share.macs_share), say_percent(share.bytes_share)
    if plan.model.macs is None and explain:
        return f"{macs} of the MACs and {moved} of the bytes moved that could be counted"
    if plan.model.macs == 0:
        return f"{moved} of the bytes moved" if explain else moved
    return f"{macs} of the MACs, {moved} of the bytes moved" if explain else f"{macs}, {moved}"


def _segments(plan: Plan) -> str:
    known = [c.bytes for c in plan.crossings if c.bytes is not None]
    segments, crossings = len(plan.segments), len(plan.crossings)
    moved = f", {say_bytes(sum(known))} moved" if len(known) == crossings else ""
    cross = f", {crossings} crossing{'' if crossings == 1 else 's'}{moved}" if crossings else ""
    return f"{segments} segment{'' if segments == 1 else 's'}{cross}"


def finding_part(finding: Finding, plan: Plan | None, everything: bool, given: str) -> RenderableType:
    """One finding: the code, what is said, the ops, what it rests on, and the command that may cure it.

    Without a plan its fixes are options to add to this run.
    """
    style = SEVERITIES[finding.severity]
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    text = Text(plain(finding.message, 600))
    if finding.ops:
        text.append("\n").append(_names(finding.ops, everything), "dim")
    share = _touched(finding)
    if share:
        text.append(f"   {share}", "dim")
    if finding.row:
        text.append("\n").append(finding.row, "blue").append(f" ({_basis(finding)})", "dim")
    elif finding.evidence and everything:
        text.append("\n").append(", ".join(e.key for e in finding.evidence), "dim")
    if everything:
        for evidence in (*finding.evidence, *finding.against):
            against = "but " if evidence in finding.against else ""
            text.append(f"\n{against}{source_line(evidence)}", "dim")
    if finding.fix:
        text.append("\n").append("fix: ", "green").append(plain(_fix(finding.fix, plan, given), 600))
    grid.add_row(Text(finding.code, f"bold {style}"), Text(f"{finding.severity.value:<7}", style), text)
    return Padding(grid, (0, 0, 0, 2))


def _fix(fixes: Sequence[str], plan: Plan | None, given: str) -> str:
    """The command that does the rewrites of a finding, ready for a shell; options to add to this one as they are."""
    options = [f for f in fixes if not f.startswith("rewrite/")]
    if options or plan is None:
        return " ".join(options)
    only = " ".join(f"--only {f.removeprefix('rewrite/')}" for f in fixes if f != "rewrite/simplify")
    where = " ".join(w for w in (f"-t {plan.target.device} -b {plan.target.backend}", given, only) if w)
    return f"edgeplan rewrite {quote(plan.model.name)} {where} -o OUT.onnx"


def _names(ops: Sequence[str], everything: bool) -> str:
    shown = ops if everything else ops[:3]
    rest = len(ops) - len(shown)
    return ", ".join(plain(name, 60) for name in shown) + (f", +{rest:,}" if rest else "")


def _touched(finding: Finding) -> str:
    parts = []
    if finding.macs_share:
        parts.append(f"{say_percent(finding.macs_share)} of the MACs")
    if finding.bytes_share:
        parts.append(f"{say_percent(finding.bytes_share)} of the bytes")
    return ", ".join(parts)


def _basis(finding: Finding) -> str:
    kinds = ", ".join(dict.fromkeys(e.kind for e in finding.evidence))
    against = "; disputed" if finding.against else ""
    return f"{kinds}{against}; confidence {finding.confidence.value}"


def _next(plan: Plan, hidden: int) -> Iterator[Text]:
    """What to do now: bind what is open, read more, confirm on the device."""
    counts = [sum(f.severity is s for f in plan.findings) for s in (Severity.ERROR, Severity.WARNING, Severity.NOTE)]
    words = [f"{n} {w}{'' if n == 1 else 's'}" for n, w in zip(counts, ("error", "warning", "note"), strict=True) if n]
    more = f"; {hidden} more with --all" if hidden else ""
    yield Text(f"{', '.join(words) or 'no findings'}{more}", "bold")
    if plan.model.free_dimensions:
        binding = " ".join(f"--dim {plain(n)}=SIZE" for n in plan.model.free_dimensions)
        yield Text.assemble(("next: ", "green"), f"bind the open dimensions: {binding}")
    elif plan.findings:
        yield Text.assemble(("next: ", "green"), f"edgeplan explain {plan.findings[0].row or plan.findings[0].code}")
    if plan.target.confirm:
        yield Text.assemble(("confirm: ", "green"), plan.target.confirm)
