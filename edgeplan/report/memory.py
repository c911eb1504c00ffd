"""The memory of a plan in the terminal report: the figure, what it is made of, its limit, and where the peak lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.diagnose.memory import is_short
from edgeplan.memory.packing import Packing
from edgeplan.memory.plan import MemoryPlan
from edgeplan.memory.range import Range
from edgeplan.memory.relief import Relief
from edgeplan.memory.term import Holder, Term, total
from edgeplan.memory.timeline import Held
from edgeplan.plan import Plan
from edgeplan.report.escape import plain
from edgeplan.report.evidence import source_line
from edgeplan.target import Budget
from edgeplan.units import say_bytes

__all__ = ["memory_rows", "relief_rows", "terms_table"]

_TERMS = 3
"""Terms that are named in the sum."""

_SHOWN = 3
"""Buffers at the peak that are named."""

_WAYS = 3
"""Ways to need less that are shown."""


def memory_rows(memory: MemoryPlan, budget: Budget) -> Iterator[tuple[str, str, str]]:
    """Rows of (head, what is said, its kind)."""
    more = " or more" if memory.unsized else ""
    counted = [t for t in memory.terms if t.holder in ("app", "driver")]
    kind = "computed" if all(t.kind == "computed" for t in counted) else "estimated"
    running = _sum([t for t in counted if t.phase in ("always", "run")])
    yield "memory", f"{memory.run}{more} = {running}", "lower bound" if memory.unsized else kind
    driver = total(memory.terms, "run", "driver")
    if driver.high:
        app = total(memory.terms, "run", "app")
        yield "", f"of which {app} in the app's process, {driver} in buffers the driver holds", ""
    if memory.load.high > memory.run.high or memory.load.likely > memory.run.likely:
        loading = _sum([t for t in counted if t.phase == "load"])
        yield "", f"{memory.load} while it loads: {loading}", "estimated"
    if memory.build.high:
        yield "", f"{memory.build} to build it on the device, once", "estimated"
    for holder, words in _BESIDES.items():
        held = [t for t in memory.terms if t.holder == holder and t.size.high]
        if held:
            yield "", f"besides {', '.join(f'{t.name} {t.size}' for t in held)}{words}", ""
    yield "limit", _limit(budget), "" if budget.given is not None else budget.kind
    if memory.traffic is not None:
        yield "", memory.traffic.sentence, "estimated"
    if memory.timeline.held:
        yield "peak", _peak(memory), ""


def _sum(terms: Sequence[Term]) -> str:
    """`weights 2.4 MiB + arena 14.6 MiB + 2 others 1.1 MiB`, largest first."""
    sized = sorted((t for t in terms if t.size.high), key=lambda t: (-t.size.likely, -t.size.high))
    shown = sized if len(sized) <= _TERMS + 1 else sized[:_TERMS]
    said = [f"{t.name} {t.size}" for t in shown]
    rest = sized[len(shown) :]
    if rest:
        said.append(f"{len(rest)} others {sum((t.size for t in rest), start=Range())}")
    return " + ".join(said) or "nothing"


def _limit(budget: Budget) -> str:
    if budget.given is not None:
        return f"{say_bytes(budget.given)} (your budget)"
    if budget.limit is None:
        ram = f", which has {say_bytes(budget.ram)} RAM" if budget.ram else ""
        return f"not known: {budget.basis}{ram}"
    asked = budget.raised
    more = f", {say_bytes(asked.limit)} with entitlement {asked.entitlement}" if asked else ""
    lower = budget.guidance is not None and budget.guidance < budget.limit
    advice = f"; vendor advises under {say_bytes(budget.guidance or 0)}" if lower else ""
    trust = f"{budget.basis}; confidence {budget.confidence.value}"
    return f"{say_bytes(budget.limit)} ({trust}){more}{advice}"


def _peak(memory: MemoryPlan) -> str:
    """`14.6 MiB alive at op 12 of 342, Conv /a: /x 4.0 MiB (input), /y 4.0 MiB (output), +1 of 6.6 MiB`."""
    line = memory.timeline
    named = ", ".join(map(_held, line.held[:_SHOWN]))
    rest = line.held[_SHOWN:]
    more = f", +{len(rest)} of {say_bytes(sum(h.size for h in rest))}" if rest else ""
    at = f"op {line.step + 1:,} of {len(line.live):,}, {plain(line.type, 40)} {plain(line.op, 60)}"
    return f"{say_bytes(line.peak)} alive at {at}: {named}{more}"


def _held(held: Held) -> str:
    return f"{plain(held.value, 40)} {say_bytes(held.size)} ({held.use})"


def relief_rows(plan: Plan, everything: bool) -> Iterator[tuple[str, str, str]]:
    """Rows of what would lower the memory, best first, and of the new order of the ops when one was asked for."""
    order = plan.order
    if order is not None:
        found = f"{say_bytes(order.after)} alive at the peak instead of {say_bytes(order.before)}"
        yield (
            "order",
            f"{order.moved:,} ops moved, as --format json lists them: {found}"
            if order.moved
            else "no order with a lower peak found",
            "computed",
        )
    if plan.packing is not None:
        yield "exact", _packed(plan.packing), "" if plan.packing.why else "computed"
    if not plan.relief and (everything or is_short(plan.findings)):
        yield "lower", "nothing found that lowers the peak of the activations", ""
    head = "lower"
    for way in plan.relief if everything else plan.relief[:_WAYS]:
        yield head, f"{way.name}: {_way(way)}", way.kind
        head = ""


def _packed(found: Packing) -> str:
    """`activations 15.0 MiB to 14.6 MiB; no plan takes less`."""
    if found.why:
        return f"no solver asked: {found.why}"
    proven = "no plan takes less" + ("" if found.after == found.least else f" than {say_bytes(found.least)}")
    if found.after == found.before:
        return f"activations stay at {say_bytes(found.before)}; {proven}"
    return f"activations {say_bytes(found.before)} to {say_bytes(found.after)}; {proven}"


def _way(way: Relief) -> str:
    price = f"; costs {way.price}" if way.price else ""
    return f"activations {say_bytes(way.before)} to {say_bytes(way.after)}, {plain(way.what, 200)}{price}"


def terms_table(memory: MemoryPlan) -> RenderableType:
    """Every term with its size, kind, phase, basis and sources."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for term in memory.terms:
        table.add_row(Text(term.name), _basis(term))
    return Padding(table, (0, 0, 0, 4))


def _basis(term: Term) -> Text:
    text = Text.assemble((str(term.size), "bold"), f" {term.kind}, {_WHEN[term.phase]}: {term.basis}")
    for evidence in term.evidence:
        text.append(f"\n{source_line(evidence)}", "dim")
    return text


_BESIDES: Mapping[Holder, str] = {"file": ", which the system takes back when it runs short", "flash": ""}

_WHEN = {"build": "once", "load": "while loading", "run": "while running", "always": "throughout"}
