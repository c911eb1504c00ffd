"""The report of a verification: what was predicted beside what each compiler said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.report.console import printed
from edgeplan.report.escape import plain
from edgeplan.units import say_bytes, say_percent
from edgeplan.verify.agreement import Agreement, Converted, Figure, Group, Match, OpCount, Outcome, Side
from edgeplan.verify.answer import Kernel, Status
from edgeplan.verify.verification import Verification

__all__ = ["render_verification"]

_OUTCOMES = {
    Outcome.AGREES: ("AGREES", "bold green"),
    Outcome.DISAGREES: ("DISAGREES", "bold red"),
    Outcome.CANNOT_TELL: ("CANNOT TELL", "bold magenta"),
    Outcome.NOT_ASKED: ("NOT ASKED", "dim"),
}
_MATCHES = {
    Match.AGREE: ("agree", "green"),
    Match.RUNS_BUT_REFUSED: ("predicted runs, refused", "red"),
    Match.REFUSED_BUT_RUNS: ("predicted refuses, compiles", "red"),
    Match.UNKNOWN: ("not predicted", "yellow"),
    Match.NOT_SAID: ("not said", "dim"),
    Match.LEFT_OUT: ("left out", "dim"),
}
_ENDS = {
    Status.COMPILED: "compiled",
    Status.REFUSED: "refused",
    Status.CRASHED: "crashed",
    Status.TIMEOUT: "no answer",
    Status.MEMORY: "no answer",
    Status.MISSING: "not installed",
}
_SHOWN = 12


def render_verification(
    found: Verification, *, everything: bool = False, color: bool = False, width: int | None = None
) -> str:
    """The report as text. `everything` shows every group and names every op."""
    return printed(_parts(found, everything), color=color, width=width)


def _parts(found: Verification, everything: bool) -> Iterator[RenderableType]:
    titles = {"": "no unit", **found.units}
    yield Text.assemble((found.target.title, "bold"), "   ", plain(found.model.name, 60))
    for agreement in found.agreements:
        yield ""
        yield from _agreement(agreement, titles, everything)
    if found.not_asked or found.no_referee:
        yield ""
    for one in found.not_asked:
        yield Text.assemble(("not asked", "yellow"), "   ", (one.name, "bold"), f"   {plain(one.why, 400)}")
    for one in found.no_referee:
        yield Text.assemble(("no referee", "dim"), "  ", (one.name, "bold"), f"   {plain(one.why, 400)}")


def _agreement(found: Agreement, titles: Mapping[str, str], everything: bool) -> Iterator[RenderableType]:
    word, style = _OUTCOMES[found.outcome]
    yield Text.assemble((word, style), "   ", (found.referee, "bold"), f"   {found.title}")
    yield Padding(_facts(found), (0, 0, 0, 2))
    for note in (*found.notes, *(f"{topic}: {words}" for topic, words in found.answer.said.notes.items())):
        yield Padding(Text(plain(note, 400), "dim"), (0, 0, 0, 2))
    if found.converted is not None:
        yield Padding(_converted(found.converted), (0, 0, 0, 2))
    if found.groups and found.answer.said.nodes:
        yield Padding(_groups(found.groups, titles, everything, found.answer.words), (0, 0, 0, 2))
    if found.counts:
        yield Padding(_counts(found.counts, everything), (0, 0, 0, 2))
    if found.figures:
        yield Padding(_figures(found.figures), (0, 0, 0, 2))
    fused = [kernel for kernel in found.answer.said.kernels if len(kernel.ops) > 1]
    if fused and everything:
        yield Padding(_kernels(fused), (0, 0, 0, 2))


def _facts(found: Agreement) -> Text:
    """`onnxruntime-qnn 2.7.0, chip 57: compiled in 8.2 s, 1.2 GiB; 118 of 120 ops agree (98 %), 99 % of the work`."""
    answer = found.answer
    tools = ", ".join(f"{name} {version}" for name, version in answer.said.versions.items())
    chip = f", for {answer.chip}" if answer.chip else ""
    text = Text(f"{tools}{chip}: {_ENDS[answer.status]} in {answer.seconds:.1f} s, {say_bytes(answer.peak)}")
    if answer.words:
        text.append(f"\n{plain(answer.words, 400)}", "red" if answer.status is not Status.REFUSED else "yellow")
    if found.said_fails is not None and found.said_fails != found.fails:
        told = "a unit for every op was predicted, the compiler refuses the model"
        other = "predicted to find no taker, the compiler takes the model"
        text.append(f"\n{told if found.said_fails else other}", "red")
    ops, work = found.share_of_ops, found.share_of_work
    if ops is not None:
        counted = [g for g in found.groups if g.match.counts]
        agree = sum(len(g.ops) for g in counted if g.match is Match.AGREE)
        total = sum(len(g.ops) for g in counted)
        text.append(f"\n{agree:,} of {total:,} ops agree")
        text.append(f" ({say_percent(ops)}; {say_percent(work or 0.0)} of the work)")
    return text


def _converted(found: Converted) -> Text:
    """`the file is onnx2tf 2.6.9's, within 4e-06 of ONNX Runtime`, and how its plan differs from the model's."""
    drawn = f", with {found.drawn:,} weights drawn at random" if found.drawn else ""
    text = Text(
        f"about the file that {found.tool} made of it, {found.checked:.0e} from ONNX Runtime's results{drawn}\n"
    )
    text.append(f"predicted from the model: {_side(found.ours)}; from the file: {_side(found.theirs)}")
    if not found.same:
        counts = ", ".join(f"{plain(c.type, 40)} {c.predicted:,} for {c.said:,}" for c in found.left)
        text.append(f"\nleave it: {counts}" if counts else "", "yellow")
    return text


def _side(side: Side) -> str:
    parts = f"{side.parts:,} part{'' if side.parts == 1 else 's'}"
    return f"{side.ops:,} ops, {parts}, {say_percent(side.work_left)} of the work left"


def _groups(groups: Sequence[Group], titles: Mapping[str, str], everything: bool, told: str) -> Table:
    """Groups of ops; words that were `told` above are not said again."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("ops", justify="right", no_wrap=True)
    table.add_column("type", no_wrap=True, max_width=32)
    table.add_column("predicted", no_wrap=True)
    table.add_column("compiler", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("")
    shown = groups if everything else groups[:_SHOWN]
    for group in shown:
        word, style = _MATCHES[group.match]
        units = (titles.get(u, u) for u in (group.predicted, group.said if group.match is not Match.NOT_SAID else "-"))
        table.add_row(
            f"{len(group.ops):,}", plain(group.type, 32), *units, Text(word, style), _why(group, everything, told)
        )
    if len(shown) < len(groups):
        rest = sum(len(g.ops) for g in groups[len(shown) :])
        words = {_MATCHES[g.match][0] for g in groups[len(shown) :]}
        table.add_row(f"{rest:,}", "others", "", "", Text(", ".join(sorted(words)), "dim"), "more with --all")
    return table


def _why(group: Group, everything: bool, told: str) -> Text:
    """The compiler's reason, and the rows that said otherwise."""
    lines = [Text(plain(group.words, 600 if everything else 160))] if group.words not in ("", told) else []
    if group.match.wrong or group.match is Match.UNKNOWN or everything:
        rows = group.rows if everything else group.rows[:2]
        names = group.ops if everything else group.ops[:3]
        rest = len(group.ops) - len(names)
        more = f", +{rest:,}" if rest else ""
        lines += [Text(", ".join(rows), "blue")] if rows else []
        lines.append(Text(f"{', '.join(plain(n, 60) for n in names)}{more}", "dim"))
    return Text("\n").join(lines)


def _counts(counts: Sequence[OpCount], everything: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for head in ("op", "predicted", "converter", ""):
        table.add_column(head, justify="left" if head in ("op", "") else "right", no_wrap=bool(head))
    rows = [c for c in counts if everything or c.predicted != c.said]
    for count in rows:
        style = "" if count.predicted == count.said else "dim" if count.why else "red"
        table.add_row(plain(count.type, 40), f"{count.predicted:,}", f"{count.said:,}", Text(count.why), style=style)
    if len(rows) < len(counts):
        same = sum(c.said for c in counts if c.predicted == c.said)
        table.add_row(f"{len(counts) - len(rows)} more types", f"{same:,}", f"{same:,}", "")
    return table


def _figures(figures: Sequence[Figure]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for head in ("figure", "predicted", "compiler", ""):
        table.add_column(head, justify="left" if head in ("figure", "") else "right", no_wrap=True)
    for figure in figures:
        told = "" if figure.predicted is None else _amount(figure.predicted, figure.unit)
        table.add_row(figure.name, told, _amount(figure.said, figure.unit), Text(_ratio(figure), "dim"))
    return table


def _kernels(fused: Sequence[Kernel]) -> Table:
    """What the compiler made one of several ops of."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("fused kernel", no_wrap=True, max_width=24)
    table.add_column("ops")
    for kernel in fused:
        table.add_row(plain(kernel.type or kernel.name, 24), Text(", ".join(plain(op, 60) for op in kernel.ops), "dim"))
    return table


def _amount(value: int, unit: str) -> str:
    return say_bytes(value) if unit == "bytes" else f"{value:,}"


def _ratio(figure: Figure) -> str:
    if not figure.predicted or figure.unit != "bytes" or not figure.said:
        return ""
    return f"{figure.predicted / figure.said:.2f} of it"
