"""Findings about memory and size: EP201 to EP205, EP901."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edgeplan.diagnose.case import Case, ops_of
from edgeplan.finding import Confidence, Finding
from edgeplan.memory.term import total
from edgeplan.units import count, say_bytes

__all__ = ["is_short", "memory_findings"]

_NOTABLE = 0.05
"""Of the peak: less is not worth a finding."""


def is_short(findings: Iterable[Finding]) -> bool:
    """Whether any of the findings says that memory is short, or may be."""
    return any(f.code in ("EP201", "EP203") for f in findings)


def memory_findings(case: Case) -> Iterator[Finding]:
    """What the plan needs beside what the device, the vendor or the user gives."""
    memory, budget = case.memory, case.target.budget
    if memory.unsized and not case.free:
        yield case.finding(
            "EP901", f"{count(len(memory.unsized), 'value')} of unknown size: the memory figure is a lower bound"
        )
    yield from _beside_the_limit(case)
    yield from _build(case)
    for quirk in memory.quirks:
        if quirk.size.high >= _NOTABLE * memory.peak.likely:
            message = (
                f"{ops_of(case.graph, quirk.ops)} may take up to {say_bytes(quirk.size.high)} more: {quirk.row.why}"
            )
            yield case.finding("EP205", message, quirk.ops, quirk.row)
    if budget.effective is None:
        yield case.finding("EP204", f"{budget.basis}; give one with --budget memory=SIZE")
    if case.size_budget is not None and memory.stored > case.size_budget:
        message = f"weights take {say_bytes(memory.stored)}, the size budget is {say_bytes(case.size_budget)}"
        yield case.finding("EP202", message)
    stored = total(memory.terms, "run", "flash")
    flash = max(case.target.device.figures_of("flash"), key=lambda f: f.bytes, default=None)
    if flash is not None and stored.low > flash.bytes:
        message = f"the model takes {stored} of flash, {case.target.device.title} has {say_bytes(flash.bytes)}"
        yield case.finding("EP202", message, evidence=case.target.device.evidence(flash))


def _beside_the_limit(case: Case) -> Iterator[Finding]:
    """The one finding there is to make: over the limit, perhaps over it, or over what the vendor advises."""
    memory, budget = case.memory, case.target.budget
    peak, limit = memory.peak, budget.effective
    own = budget.given is not None
    when = " while it loads" if memory.load.likely > memory.run.likely else ""
    needs = f"needs {peak}{' or more' if memory.unsized else ''}{when}"
    evidence, trust = ((), Confidence.HIGH) if own else (budget.evidence, budget.confidence)
    if limit is None and budget.ram is not None and peak.likely > budget.ram:
        yield case.finding("EP201", f"{needs}, {case.target.device.title} has {say_bytes(budget.ram)} RAM in all")
    elif limit is not None and peak.likely > limit:
        code = "EP201" if own or budget.kind != "assumed" else "EP203"
        yield case.finding(code, f"{needs}, {_limit(case)}", evidence=evidence, confidence=trust)
    elif limit is not None and peak.high > limit:
        message = f"may need up to {say_bytes(peak.high)}{when}, {_limit(case)}"
        yield case.finding("EP203", message, evidence=evidence, confidence=trust)
    elif not own and budget.guidance is not None and peak.likely > budget.guidance:
        yield case.finding("EP203", f"{needs}, the vendor advises to stay under {say_bytes(budget.guidance)}")


def _build(case: Case) -> Iterator[Finding]:
    """A build that likely takes more than the device has, whatever budget a user gives the run."""
    build, budget = case.memory.build, case.target.budget
    most = budget.limit or budget.ram
    if most is not None and build.likely > most:
        message = f"needs {build} while it is built, {case.target.device.title} has {say_bytes(most)}"
        yield case.finding("EP203", message, evidence=budget.evidence, confidence=budget.confidence)


def _limit(case: Case) -> str:
    """`iPhone 14 Pro gives 2.8 GiB (app limit ...), 4.0 GiB with the entitlement increased-memory-limit`."""
    budget = case.target.budget
    if budget.given is not None:
        return f"the budget is {say_bytes(budget.given)}"
    said = f"{case.target.device.title} gives {say_bytes(budget.limit or 0)} ({budget.basis})"
    raised = budget.raised
    return f"{said}, {say_bytes(raised.limit)} with the entitlement {raised.entitlement}" if raised else said
