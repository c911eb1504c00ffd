"""What compression would make of a model, as text: what pays, the schemes side by side, and what stands behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.compression.choice import Choice
from edgeplan.compression.picks import Gain
from edgeplan.compression.table import Compression
from edgeplan.lower.scheme import parse_scheme
from edgeplan.report.compress_table import SchemeTable, say_span
from edgeplan.report.console import printed
from edgeplan.report.escape import plain
from edgeplan.report.evidence import source_line
from edgeplan.report.text import finding_part
from edgeplan.units import count, say_bytes, say_count, say_percent

__all__ = ["USUAL", "render_compression"]

USUAL = (
    *("fp32", "fp16", "w8", "w8a8", "w8a16", "w4", "w4-block32", "w4a16"),
    *("palette8", "palette6", "palette4", "palette4-group16", "palette2", "sparse50", "sparse80", "sparse50-palette4"),
)
"""The schemes of which one of each kind is shown where not all of them are."""

_GAINS = {
    Gain.FASTER: ("SMALLER AND FASTER", "bold green"),
    Gain.LIKELY_FASTER: ("SMALLER AND LIKELY FASTER", "bold green"),
    Gain.PERHAPS_FASTER: ("SMALLER, PERHAPS FASTER", "bold green"),
    Gain.SMALLER: ("SMALLER", "bold green"),
    Gain.DOWNLOAD: ("SMALLER TO DOWNLOAD", "bold yellow"),
    Gain.NONE: ("NOTHING TO GAIN", "bold red"),
}
_NAMED = 3
"""Schemes that are named of many."""

_MOST = 0.5
"""Of the weights: a scheme that leaves so many as they are is shown only with all the others."""


def render_compression(
    found: Compression,
    *,
    everything: bool = False,
    asked: bool = False,
    given: str = "",
    color: bool = False,
    width: int | None = None,
) -> str:
    """The report as text; without `width` it fits the terminal, or 100.

    `everything` shows every scheme, those that are not taken with the reason, and the sources; `asked` says that the
    schemes were chosen, all of which are shown then. `given` are the options that chose the target and bound the model.
    """
    return printed(_parts(found, everything, asked, given), color=color, width=width)


def _parts(found: Compression, everything: bool, asked: bool, given: str) -> Iterator[RenderableType]:
    yield from _head(found)
    shown = [c for c in found.choices if everything or asked or (c.runs and _usual(found, c))]
    if found.reference is not None:
        yield from _picks(found)
        rows = [c for c in shown if c.runs]
        if rows:
            yield ""
            yield Padding(SchemeTable(found, tuple(rows)), (0, 0, 0, 2))
        yield from _notes(found, rows, everything)
        yield from _refused(found, [c for c in shown if not c.runs], everything)
        yield from _over(found)
    for finding in found.findings:
        yield ""
        yield finding_part(finding, found.plan, everything, given)
    yield ""
    yield from _next(found, len(found.choices) - len(shown), given)


def _usual(found: Compression, choice: Choice) -> bool:
    """Whether a choice is shown in any case: one of its kind, or one that is named."""
    named = {found.choices[p.choice].scheme for p in found.picks}
    if choice.scheme in named or (found.reference is not None and choice is found.choices[found.reference]):
        return True
    return choice.scheme in USUAL and _skipped(found, choice) < _MOST


def _skipped(found: Compression, choice: Choice) -> float:
    """The part of the weights that a scheme leaves as they are."""
    return min(sum(s.layer.elements for s in choice.skipped) / (found.model.parameters or 1), 1.0)


def _head(found: Compression) -> Iterator[RenderableType]:
    word, style = _GAINS[found.gain]
    if found.reference is None:
        word, style = "NOTHING TO COMPRESS", "bold red"
    elif _nothing_keeps(found):
        word, style = "NO SCHEME KEEPS THE BOUNDS", "bold red"
    elif found.gain is Gain.NONE and len(found.kept()) > 1:
        word, style = "NOTHING TO GAIN WITHOUT TRAINING", "bold yellow"
    yield Text.assemble((word, style), "   ", (found.target.title, "bold"))
    model = found.model
    facts = [say_bytes(model.file_bytes)] if model.file_bytes is not None else []
    facts += [f"{say_count(model.parameters)} parameters"] if model.parameters is not None else []
    line = f"{plain(model.name, 60)}   {', '.join(facts)}"
    if found.reference is None:
        yield Padding(Text(f"{line}: {found.why}"), (0, 0, 0, 2))
        return
    base = found.choices[found.reference]
    held = [f"{say_bytes(base.download.likely)} to download"] if base.download is not None else []
    held += [f"peak {say_bytes(base.memory.likely)}"] if base.memory is not None else []
    held.append(base.latency.said() if base.latency is not None else "time not known")
    yield Padding(Text(line), (0, 0, 0, 2))
    yield Padding(Text(f"without compression ({base.scheme})   {', '.join(held)}"), (0, 0, 0, 2))


def _picks(found: Compression) -> Iterator[RenderableType]:
    """The schemes worth naming, each with the figures it is named for."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for pick in found.picks:
        table.add_row(Text(pick.role, "green"), Text(found.choices[pick.choice].scheme, "bold"), Text(pick.why))
    if found.picks:
        yield Padding(table, (0, 0, 0, 2))


def _notes(found: Compression, rows: Sequence[Choice], everything: bool) -> Iterator[RenderableType]:
    """What the columns rest on: times that are not known, what a scheme costs, what is left out and why."""
    lines = [
        f"{_listed(names, everything)}: {why}"
        for why, names in _together((c.why, c.scheme) for c in rows if c.verdict == "degrades").items()
    ]
    timed = [c for c in rows if everything or c.latency is None]
    for why, names in _together((c.latency_why, c.scheme) for c in timed).items():
        lines.append(f"time of {_listed(names, everything)}: {why}")
    for said, names in _together((_left(found, c, everything), c.scheme) for c in rows if c.skipped).items():
        lines.append(f"skipped by {_listed(names, everything)}: {said}")
    open_ = [c.weights_memory for c in rows if " to " in say_span(c.weights_memory) and c.weights_memory is not None]
    if open_:
        most = say_bytes(max(held.high for held in open_))
        lines.append(f"weights held: likely; up to {most} where the runtime expands them, or holds them wider")
    if any(c.error is not None for c in rows):
        lines.append("SNR dB: signal over error of the weights, of the middle layer / of the worst; 6 dB are a bit")
    elif found.error_why:
        lines.append(found.error_why)
    if lines:
        yield ""
    for line in lines:
        yield Padding(Text(plain(line, 1000), "dim"), (0, 0, 0, 2))
    if everything:
        for evidence in dict.fromkeys(e for c in rows for e in c.evidence):
            yield Padding(Text(source_line(evidence), "dim"), (0, 0, 0, 4))


def _together(pairs: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    """Names by what is said of them."""
    found: dict[str, list[str]] = {}
    for said, name in pairs:
        found.setdefault(said, []).append(name)
    return found


def _left(found: Compression, one: Choice, everything: bool) -> str:
    """`2 layers, 8 % of the weights: fc (1,000 output channels, which 16 does not divide), +1`."""
    shown = one.skipped if everything else one.skipped[:1]
    named = ", ".join(f"{plain(s.layer.op or s.layer.weight, 40)} ({s.reason})" for s in shown)
    rest = len(one.skipped) - len(shown)
    said = f"{count(len(one.skipped), 'layer')}, {say_percent(_skipped(found, one))} of the weights"
    return f"{said}: {named}{f', +{rest}' if rest else ''}"


def _refused(found: Compression, refused: Sequence[Choice], everything: bool) -> Iterator[RenderableType]:
    """The schemes that the runtime does not take, or of which no row speaks, by the reason."""
    groups = _together((c.why.replace(f" takes {c.scheme}", " takes it"), c.scheme) for c in refused)
    if not groups:
        return
    yield ""
    for why, names in groups.items():
        first = next(c for c in refused if c.scheme == names[0])
        word, style = ("not taken", "red") if first.verdict == "cannot" else ("not known", "magenta")
        line = Text.assemble((word, style), f"  {_listed(names, everything)}: {plain(why, 400)}")
        yield Padding(line, (0, 0, 0, 2))
        if everything:
            for evidence in first.evidence:
                yield Padding(Text(source_line(evidence), "dim"), (0, 0, 0, 6))


def _nothing_keeps(found: Compression) -> bool:
    """Whether a user's bounds leave nothing."""
    return not found.kept() and any(c.over for c in found.choices)


def _over(found: Compression) -> Iterator[RenderableType]:
    """Which choices keep a user's bounds where some do not; where none does, what stands in the way of each."""
    if not any(c.over for c in found.choices):
        return
    yield ""
    if found.kept():
        kept = Text.assemble(("the bounds are kept by ", "green"), ", ".join(c.scheme for c in found.kept()))
        yield Padding(kept, (0, 0, 0, 2))
        return
    for one in found.choices:
        if one.over:
            line = Text.assemble((one.scheme, "bold"), f"  {'; '.join(plain(o, 300) for o in one.over)}")
            yield Padding(line, (0, 0, 0, 2))


def _next(found: Compression, hidden: int, given: str) -> Iterator[RenderableType]:
    if hidden:
        yield Padding(Text(f"{count(hidden, 'scheme')} more with --all", "dim"), (0, 0, 0, 2))
    if found.model.free_dimensions:
        binding = " ".join(f"--dim {plain(n)}=SIZE" for n in found.model.free_dimensions)
        yield Padding(Text.assemble(("next: ", "green"), f"bind the open dimensions: {binding}"), (0, 0, 0, 2))
    elif found.picks:
        yield Padding(Text.assemble(("next: ", "green"), plain(_command(found, given), 600)), (0, 0, 0, 2))


def _command(found: Compression, given: str) -> str:
    """The command that applies the safest of the schemes named."""
    scheme = found.choices[found.picks[-1].choice].scheme
    model, target = quote(found.model.name), found.target
    kind = "mlpackage" if target.backend == "coreml" else "tflite" if target.backend.startswith("tflite") else "onnx"
    first = ""
    if kind == "tflite" and not found.model.name.endswith(".tflite"):
        first, model = "convert the model to .tflite, then ", "MODEL.tflite"
    samples = "--calibration SAMPLES" if parse_scheme(scheme).activations else ""
    words = (model, f"-t {target.device} -b {target.backend}", given, f"--scheme {scheme}", samples, f"-o OUT.{kind}")
    return f"{first}edgeplan compress {' '.join(w for w in words if w)}"


def _listed(names: Sequence[str], everything: bool) -> str:
    """`w8, palette8, palette6, +4`."""
    shown = names if everything or len(names) <= 2 * _NAMED else names[:_NAMED]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(shown) < len(names) else "")
