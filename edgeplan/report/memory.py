"""The memory of a plan in the terminal report: the figure, what it is made of, its limit, and where the peak lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.memory.packing import Packing
from edgeplan.memory.plan import MemoryPlan
from edgeplan.memory.range import Range
from edgeplan.memory.relief import Relief
from edgeplan.memory.term import Holder, Term, total
from edgeplan.memory.timeline import Held
from edgeplan.plan import Plan
from edgeplan.report.escape import plain
from edgeplan.target import Budget
from edgeplan.units import say_bytes, say_range

__all__ = ["memory_rows", "relief_rows", "terms_table"]

_TERMS = 3
"""Terms that are named in the sum."""

_SHOWN = 3
"""Buffers at the peak that are named."""

_WAYS = 3
"""Ways to need less that are shown."""


def memory_rows(memory: MemoryPlan, budget: Budget) -> Iterator[tuple[str, str, str]]:
    """Rows of (head, what is said, its kind)."""
    least = "at least " if memory.unsized else ""
    counted = [t for t in memory.terms if t.holder in ("app", "driver")]
    kind = "computed" if all(t.kind == "computed" for t in counted) else "estimated"
    running = _sum([t for t in counted if t.phase in ("always", "run")])
    yield "memory", f"{least}{_said(memory.run)} = {running}", "lower bound" if memory.unsized else kind
    driver = total(memory.terms, "run", "driver")
    if driver.high:
        app = total(memory.terms, "run", "app")
        yield "", f"of it {_said(app)} in the app's process, {_said(driver)} with the driver", ""
    if memory.load.high > memory.run.high or memory.load.likely > memory.run.likely:
        loading = _sum([t for t in counted if t.phase == "load"])
        yield "", f"{_said(memory.load)} while it loads: {loading}", "estimated"
    if memory.build.high:
        yield "", f"{_said(memory.build)} to build it on the device, once", "estimated"
    for holder, words in _BESIDES.items():
        held = [t for t in memory.terms if t.holder == holder and t.size.high]
        if held:
            yield "", f"besides {', '.join(f'{t.name} {_said(t.size)}' for t in held)}{words}", ""
    yield "", _budget(budget), "" if budget.given is not None else budget.kind
    if memory.traffic is not None:
        yield "", memory.traffic.sentence, "estimated"
    if memory.timeline.held:
        yield "peak", _peak(memory), ""


def _sum(terms: Sequence[Term]) -> str:
    """`weights 2.4 MiB + arena 14.6 MiB + 2 others 1.1 MiB`, largest first."""
    sized = sorted((t for t in terms if t.size.high), key=lambda t: (-t.size.likely, -t.size.high))
    shown = sized if len(sized) <= _TERMS + 1 else sized[:_TERMS]
    said = [f"{t.name} {_said(t.size)}" for t in shown]
    rest = sized[len(shown) :]
    if rest:
        said.append(f"{len(rest)} others {_said(sum((t.size for t in rest), start=Range()))}")
    return " + ".join(said) or "nothing"


def _said(size: Range) -> str:
    return say_range(size.low, size.likely, size.high)


def _budget(budget: Budget) -> str:
    if budget.given is not None:
        return f"of {say_bytes(budget.given)} (your budget)"
    if budget.limit is None:
        ram = f" of {say_bytes(budget.ram)} RAM" if budget.ram else ""
        return f"limit not known{ram}: {budget.basis}"
    asked = budget.raised
    more = f", {say_bytes(asked.limit)} with the entitlement {asked.entitlement}" if asked else ""
    advice = f"; vendor's advice: under {say_bytes(budget.guidance)}" if budget.guidance else ""
    return f"of {say_bytes(budget.limit)} ({budget.basis}){more}{advice}"


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


def relief_rows(plan: Plan, everything: bool) -> Iterator[tuple[str, str, str]]:
    """Rows of what would lower the memory, best first, and of the new order of the ops when one was asked for."""
    order = plan.order
    if order is not None:
        found = f"{say_bytes(order.after)} alive at the peak instead of {say_bytes(order.before)}"
        yield (
            "order",
            f"{order.moved:,} ops moved: {found}" if order.moved else "no order with a lower peak found",
            "computed",
        )
    if plan.packing is not None:
        yield "exact", _packed(plan.packing), "computed"
    head = "lower"
    for way in plan.relief if everything else plan.relief[:_WAYS]:
        yield head, f"{way.name}: {_way(way)}", way.kind
        head = ""


def _packed(found: Packing) -> str:
    """`15.0 MiB to 14.6 MiB, the smallest there is`."""
    if found.why:
        return found.why
    smallest = found.after == found.least
    proven = "the smallest there is" if smallest else f"no plan takes less than {say_bytes(found.least)}"
    if found.after == found.before:
        return f"no smaller plan than {say_bytes(found.before)}: {proven}"
    return f"{say_bytes(found.before)} to {say_bytes(found.after)}, {proven}"


def _way(way: Relief) -> str:
    price = f"; costs {way.price}" if way.price else ""
    return f"{say_bytes(way.before)} to {say_bytes(way.after)}, {plain(way.what, 200)}{price}"


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


_BESIDES: Mapping[Holder, str] = {"file": ", which the system takes back when it runs short", "flash": ""}

_WHEN = {"build": "once", "load": "while loading", "run": "while running", "always": "throughout"}
