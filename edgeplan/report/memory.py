"""The memory of a plan in the terminal report: the figure, what it is made of, its limit, and where the peak lies."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.memory.plan import MemoryPlan
from edgeplan.memory.range import Range
from edgeplan.memory.term import Term
from edgeplan.memory.timeline import Held
from edgeplan.report.escape import plain
from edgeplan.target import Budget
from edgeplan.units import say_bytes, say_range

__all__ = ["memory_rows", "terms_table"]

_SHOWN = 3
"""Buffers at the peak that are named."""


def memory_rows(memory: MemoryPlan, budget: Budget) -> Iterator[tuple[str, str, str]]:
    """Rows of (head, what is said, its kind)."""
    least = "at least " if memory.unsized else ""
    counted = [t for t in memory.terms if not t.reclaimable]
    kind = "computed" if all(t.kind == "computed" for t in counted) else "estimated"
    running = " + ".join(f"{t.name} {_said(t.size)}" for t in counted if t.phase in ("always", "run") and t.size.high)
    yield "memory", f"{least}{_said(memory.run)} = {running or 'nothing'}", "lower bound" if memory.unsized else kind
    if memory.load.high > memory.run.high or memory.load.likely > memory.run.likely:
        loading = " + ".join(f"{t.name} {_said(t.size)}" for t in counted if t.phase == "load" and t.size.high)
        yield "", f"{_said(memory.load)} while it loads: {loading}", "estimated"
    if memory.build.high:
        yield "", f"{_said(memory.build)} to build it on the device, once", "estimated"
    dropped = [t for t in memory.terms if t.reclaimable and t.size.high]
    if dropped:
        names = ", ".join(f"{t.name} {_said(t.size)}" for t in dropped)
        yield "", f"besides {names}, which the system takes back when it runs short", ""
    yield "", _budget(budget), "" if budget.given is not None else budget.kind
    if memory.timeline.held:
        yield "peak", _peak(memory), ""


def _said(size: Range) -> str:
    return say_range(size.low, size.likely, size.high)


def _budget(budget: Budget) -> str:
    if budget.given is not None:
        return f"of {say_bytes(budget.given)} (your budget)"
    if budget.limit is None:
        ram = f" of {say_bytes(budget.ram)} RAM" if budget.ram else ""
        return f"limit not known{ram}: {budget.basis}"
    ram = f", {say_bytes(budget.ram)} RAM" if budget.ram else ""
    advice = f"; vendor's advice: under {say_bytes(budget.guidance)}" if budget.guidance else ""
    return f"of {say_bytes(budget.limit)} ({budget.basis}{ram}){advice}"


def _peak(memory: MemoryPlan) -> str:
    """`14.6 MiB of activations at op 12 of 342, Conv /a: /x 4.0 MiB (input), /y 4.0 MiB (output)`."""
    line = memory.timeline
    named = ", ".join(map(_held, line.held[:_SHOWN]))
    rest = line.held[_SHOWN:]
    more = f", +{len(rest)} of {say_bytes(sum(h.size for h in rest))}" if rest else ""
    at = f"op {line.step + 1:,} of {len(line.live):,}, {plain(line.type, 40)} {plain(line.op, 60)}"
    return f"{say_bytes(line.peak)} alive at {at}: {named}{more}"


def _held(held: Held) -> str:
    return f"{plain(held.value, 40)} {say_bytes(held.size)} ({held.use})"


def terms_table(memory: MemoryPlan) -> RenderableType:
    """Every term with its phase, kind, basis and sources."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(ratio=1)
    for term in memory.terms:
        table.add_row(Text(term.name), Text(_said(term.size)), _basis(term))
    return Padding(table, (0, 0, 0, 4))


def _basis(term: Term) -> Text:
    text = Text(f"{term.kind}, {_WHEN[term.phase]}: {term.basis}")
    for evidence in term.evidence:
        url = f" <{evidence.url}>" if evidence.url else ""
        text.append(f"\n{evidence.key} ({evidence.kind}): {evidence.words}{url}", "dim")
    return text


_WHEN = {"build": "once", "load": "while loading", "run": "while running", "always": "throughout"}
