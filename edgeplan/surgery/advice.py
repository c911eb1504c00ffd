"""What each step of a rewrite cures and gains on its target: advice that has been tried, not only said."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from edgeplan.advice import Advice, Cure, Figures, NearMisses
from edgeplan.finding import Finding, Severity
from edgeplan.surgery.improve import SIMPLIFY, Improved, Step
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import Miss

if TYPE_CHECKING:
    from edgeplan.plan import Plan

__all__ = ["advice_of", "advised", "figures", "near_misses", "trouble"]


def figures(plan: Plan) -> Figures:
    """The figures of a plan that a rewrite may change."""
    taken = {u.unit for u in plan.units if u.accelerator}
    off = [op for op in plan.ops if op.unit not in taken]
    total = plan.latency.total
    return Figures(
        len(plan.segments),
        len(plan.crossings),
        sum(op.macs or 0 for op in off),
        sum(op.moved or 0 for op in off),
        plan.memory.peak.likely,
        (total.low, total.likely, total.high) if total is not None else None,
        len(plan.ops),
    )


def advice_of(improved: Improved) -> tuple[Advice, ...]:
    """The steps as advice, in the order in which they are to be taken; without one that simplifies nothing."""
    made = (_advice(step) for step in improved.steps if step.sites or step.name == SIMPLIFY)
    return tuple(one for one in made if one.sites or one.before is None or one.before != one.after or one.cures)


def _advice(step: Step) -> Advice:
    before = figures(step.before) if step.before is not None else None
    after = figures(step.after) if step.after is not None else None
    cures = _cures(step.before, step.after) if step.before is not None and step.after is not None else ()
    return Advice(step.name, len(step.sites), _risk(step), step.why, cures, before, after)


def _risk(step: Step) -> str:
    """That of the boldest rewrite in the step."""
    claims = [rewrite(name).claim for name in {s.rewrite for s in step.sites}]
    return max(claims, key=lambda c: c.tolerance).risk if claims else "exact"


def _cures(before: Plan, after: Plan) -> tuple[Cure, ...]:
    """What is gone, or, of warnings and errors, gone from some ops: notes gather what lies around and shift with it."""
    left = Counter[tuple[str, str]]()
    for finding in after.findings:
        left[trouble(finding)] += len(finding.ops) or 1
    found = []
    seen = set()
    for finding in before.findings:
        key = trouble(finding)
        had = sum(len(f.ops) or 1 for f in before.findings if trouble(f) == key)
        whole = left[key] == 0
        if key not in seen and left[key] < had and (whole or finding.severity is not Severity.NOTE):
            found.append(Cure(finding.code, finding.row, finding.message, had, left[key]))
        seen.add(key)
    return tuple(found)


_FIGURE = re.compile(r"[\d.,]+( ?(%|[um]?s|[KMG]i?B|B)\b)?")
"""A count, share, time or size in a message."""


def trouble(finding: Finding) -> tuple[str, str]:
    """What makes findings of two plans the same trouble: code and row; without a row its words, numbers left out."""
    return finding.code, finding.row or _FIGURE.sub("#", finding.message.split(":")[0])


def near_misses(misses: Iterable[Miss]) -> tuple[NearMisses, ...]:
    """Near misses gathered by rewrite and reason, those of most ops first."""
    groups: dict[tuple[str, str], list[str]] = {}
    for miss in misses:
        groups.setdefault((miss.rewrite, miss.reason), []).append(miss.op)
    found = (NearMisses(name, reason, tuple(ops)) for (name, reason), ops in groups.items())
    return tuple(sorted(found, key=lambda m: -len(m.ops)))


def advised(plan: Plan, improved: Improved) -> Plan:
    """A plan with what rewrites would do for it, and each finding with the rewrites that cure it."""
    advice = advice_of(improved)
    cures: dict[tuple[str, str], dict[str, None]] = {}
    for one in advice:
        for cure in one.cures:
            cures.setdefault((cure.code, cure.row), {})[f"rewrite/{one.rewrite}"] = None
    findings = tuple(
        replace(f, fix=tuple(cures[f.code, f.row])) if f.row and (f.code, f.row) in cures else f for f in plan.findings
    )
    return replace(plan, findings=findings, advice=advice, near=near_misses(improved.misses))
