"""What became of a model that was compressed, as text: its size, its layers, its outputs, and both plans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from statistics import median

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from edgeplan.report.console import printed
from edgeplan.report.escape import plain
from edgeplan.report.rewrite import plans_table
from edgeplan.surgery.compressing.apply import EXACT, Compressing
from edgeplan.surgery.compressing.mixed import Choice
from edgeplan.surgery.compressing.outcome import Compressed, Unapplied
from edgeplan.units import count, say_bytes

__all__ = ["render_compressing"]

_NAMED = 3
"""Layers of one reason that are named."""


def render_compressing(
    found: Compressing, *, everything: bool = False, color: bool = False, width: int | None = None
) -> str:
    """The report as text; without `width` it fits the terminal, or 100. `everything` names every layer."""
    return printed(_parts(found, everything), color=color, width=width)


def _parts(found: Compressing, everything: bool) -> Iterator[RenderableType]:
    word, style = ("COMPRESSED", "bold green") if found.written else ("NOT COMPRESSED", "bold red")
    yield Text.assemble((word, style), "   ", (found.target.title, "bold"))
    made = found.outcome
    sizes = f"   {say_bytes(made.before)} -> {say_bytes(made.after)}" if made is not None else ""
    yield _line(f"{plain(found.source, 60)}   {found.scheme}{sizes}")
    yield ""
    if made is not None:
        yield from _layers(made, everything)
        yield _outputs(made)
        yield from (_line(plain(note, 400), "dim") for note in made.notes)
        yield from ([_line(f"needs {plain(made.needs)} or later")] if made.needs else [])
    if found.mixed is not None:
        yield from _mixed(found.mixed, everything)
    if found.note:
        yield _line(plain(found.note, 400), "yellow")
    if found.plans is not None:
        yield ""
        yield Padding(plans_table(*found.plans), (0, 0, 0, 2))
    yield ""
    for over in found.over:
        yield _line(plain(over, 300), "bold red")
    written = ", ".join(plain(w, 400) for w in found.written)
    if made is not None and written:
        yield _line(f"written by {plain(made.tool)}: {written}", "green")
    else:
        yield _line("nothing written", "bold red")


def _line(text: str, style: str = "") -> Padding:
    return Padding(Text(text, style), (0, 0, 0, 2))


def _layers(made: Compressed, everything: bool) -> Iterator[RenderableType]:
    """`53 of 54 layers, their weights keep 33 dB, the worst 28 (conv1.weight)`, and those that were left."""
    layers = len(made.applied) + len(made.left)
    said = f"{len(made.applied):,} of {count(layers, 'layer')}"
    known = {a.weight: a.snr for a in made.applied if a.snr is not None and isfinite(a.snr)}
    if known:
        worst = min(known, key=lambda name: known[name])
        said += f", their weights keep {median(known.values()):.0f} dB, the worst {known[worst]:.0f}"
        said += f" ({plain(worst, 60)})"
    yield _line(said)
    if everything:
        for one in made.applied:
            snr = f"   {one.snr:.1f} dB" if one.snr is not None and isfinite(one.snr) else ""
            yield _line(f"  {one.form}   {plain(one.op or one.weight, 60)}{snr}", "dim")
    groups: dict[str, list[Unapplied]] = {}
    for left in made.left:
        groups.setdefault(left.reason, []).append(left)
    for reason, ones in groups.items():
        yield _line(f"left: {_names([o.op or o.weight for o in ones], everything)}: {plain(reason, 200)}", "dim")


def _names(names: Sequence[str], everything: bool) -> str:
    shown = names if everything else names[:_NAMED]
    rest = len(names) - len(shown)
    return ", ".join(plain(name, 60) for name in shown) + (f", +{rest:,}" if rest else "")


def _outputs(made: Compressed) -> RenderableType:
    """How far the outputs moved, or why that is not known."""
    if not made.runs:
        return _line(f"not run: {plain(made.why, 300)}", "yellow")
    runs = count(made.runs, "run")
    if not made.outputs:
        return _line(f"{runs} on {plain(made.samples, 100)}: {plain(made.why, 300)}", "yellow")
    worst = min(made.outputs, key=lambda name: made.outputs[name])
    snr = made.outputs[worst]
    told = f"{round(snr)} dB" if snr < EXACT else "every bit"
    which = f", the worst {plain(worst, 60)}" if len(made.outputs) > 1 else ""
    return _line(f"its outputs keep {told}{which}, in {runs} on {plain(made.samples, 100)}")


def _mixed(mixed: Choice, everything: bool) -> Iterator[RenderableType]:
    """Which layers stayed wide for the SNR that was wanted, or why it was not reached."""
    if mixed.why:
        yield _line(f"{mixed.wanted:g} dB are not reached: {plain(mixed.why, 300)}", "bold red")
        return
    kept = f"{count(len(mixed.keep), 'layer')} kept wide for it"
    named = f": {_names(mixed.keep, everything)}" if mixed.keep else ""
    yield _line(f"{mixed.wanted:g} dB wanted, {mixed.reached:.1f} reached, {kept}{named}")
    if mixed.order and mixed.keep:
        yield _line(f"ranked {mixed.order}, in {count(mixed.trials, 'trial')}", "dim")
