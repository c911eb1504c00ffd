"""Findings about memory and size: EP201 to EP204, EP901."""

from __future__ import annotations

from collections.abc import Iterator

from edgeplan.diagnose.case import Case, count
from edgeplan.finding import Finding
from edgeplan.target import limit_with_entitlement
from edgeplan.units import say_bytes, say_range

__all__ = ["memory_findings"]


def memory_findings(case: Case) -> Iterator[Finding]:
    """What the plan needs beside what the device, the vendor or the user gives."""
    memory, budget = case.memory, case.target.budget
    peak = memory.peak
    if memory.unsized and not case.free:
        yield case.finding(
            "EP901", f"{count(len(memory.unsized), 'value')} of unknown size: the memory figure is a lower bound"
        )
    needs = f"needs {'at least ' if memory.unsized else ''}{say_range(peak.low, peak.likely, peak.high)}"
    if budget.given is not None and peak.likely > budget.given:
        yield case.finding("EP201", f"{needs}, the budget is {say_bytes(budget.given)}")
    elif budget.given is None and budget.limit is not None and peak.likely > budget.limit:
        message = f"{needs}, {case.target.device.title} gives {say_bytes(budget.limit)} ({budget.basis})"
        raised = limit_with_entitlement(case.target.device)
        if raised is not None:
            message += f", {say_bytes(raised.bytes)} with the entitlement {raised.entitlement}"
        yield case.finding("EP201", message, evidence=budget.evidence)
    elif budget.given is None and budget.guidance is not None and peak.likely > budget.guidance:
        yield case.finding("EP203", f"{needs}, the vendor advises to stay under {say_bytes(budget.guidance)}")
    if budget.effective is None:
        yield case.finding("EP204", f"{budget.basis}; give one with --budget memory=SIZE")
    if case.size_budget is not None and memory.weights > case.size_budget:
        message = f"weights take {say_bytes(memory.weights)}, the size budget is {say_bytes(case.size_budget)}"
        yield case.finding("EP202", message)
