"""Rewrites that were tried, as text: where, at what risk, what each changes in the plan and cures; and near misses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.advice import Advice, Cure, Figures, NearMisses
from edgeplan.report.escape import plain
from edgeplan.units import say_bytes, say_macs, say_range, say_seconds

__all__ = ["advice_parts", "near_parts", "say_places", "say_time"]

_SHOWN = 6


def advice_parts(steps: Sequence[Advice]) -> Iterator[RenderableType]:
    """Each step: the rewrite and where, its risk, what it changes in the plan, what it cures."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for step in steps:
        said = Text.assemble(
            (step.rewrite, "bold"), f"  {say_places(step.sites)}  ", (step.risk, _RISKS.get(step.risk, "yellow"))
        )
        gain = _gain(step)
        if gain:
            said.append(f"\n{gain}")
        for cure in step.cures:
            said.append("\n").append(_cure(cure), "cyan")
        table.add_row(Text("+", "green"), said)
    if steps:
        yield Padding(table, (0, 0, 0, 2))
    else:
        yield Padding(Text("nothing to do: no rewrite fits and pays"), (0, 0, 0, 2))


_RISKS = {"exact": "green", "numerically equal": "green"}


def say_places(n: int) -> str:
    """`at 3 places`; a step with no place of its own only folds constants."""
    return f"at {n:,} place{'' if n == 1 else 's'}" if n else "constants folded"


def _gain(step: Advice) -> str:
    old, new = step.before, step.after
    if old is None or new is None:
        return ""
    said = [f"{name} {was} -> {now}" for name, was, now in _changes(old, new)]
    return ", ".join(said) or "leaves the plan as it is"


def _changes(old: Figures, new: Figures) -> Iterator[tuple[str, str, str]]:
    """What differs, by name: before and after, as text."""
    if old.seconds is not None and new.seconds is not None and _differ(old.seconds[1], new.seconds[1]):
        yield "time", say_time(old), say_time(new)
    if _differ(old.off, new.off):
        yield "off the accelerator", say_macs(old.off), say_macs(new.off)
    elif _differ(old.off_bytes, new.off_bytes):
        yield "off the accelerator", say_bytes(old.off_bytes), say_bytes(new.off_bytes)
    if old.segments != new.segments:
        yield "segments", f"{old.segments:,}", f"{new.segments:,}"
    if old.crossings != new.crossings:
        yield "crossings", f"{old.crossings:,}", f"{new.crossings:,}"
    if _differ(old.peak, new.peak):
        yield "memory", say_bytes(old.peak), say_bytes(new.peak)
    if old.ops != new.ops:
        yield "ops on the device", f"{old.ops:,}", f"{new.ops:,}"


def _differ(a: float, b: float) -> bool:
    return abs(a - b) > 1e-3 * max(abs(a), abs(b))


def say_time(found: Figures) -> str:
    """The time of a plan, with its range."""
    return say_range(*found.seconds, say_seconds) if found.seconds is not None else "not known"


def _cure(cure: Cure) -> str:
    what = "cures" if not cure.left else f"cures {cure.ops - cure.left:,} of {cure.ops:,} of"
    row = f"  {cure.row}" if cure.row else ""
    return f"{what} {cure.code} {plain(cure.message, 100)}{row}"


def near_parts(near: Sequence[NearMisses], everything: bool) -> Iterator[RenderableType]:
    """Near misses: what does not fit, and why."""
    shown = near if everything else near[:_SHOWN]
    if not shown:
        return
    yield ""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for miss in shown:
        names = ", ".join(plain(n, 40) for n in (miss.ops if everything else miss.ops[:2]))
        more = f", +{len(miss.ops) - 2:,}" if len(miss.ops) > 2 and not everything else ""
        table.add_row("", Text(f"{miss.rewrite} not at {names}{more}: {plain(miss.reason, 200)}", "dim"))
    yield Padding(table, (0, 0, 0, 2))
    if len(near) > len(shown):
        yield Padding(Text(f"{len(near) - len(shown)} more near misses with --all", "dim"), (0, 0, 0, 4))
