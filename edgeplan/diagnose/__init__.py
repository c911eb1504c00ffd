"""From placement, work, memory and time to findings: each trouble once, with the ops it touches and why."""

from __future__ import annotations

from edgeplan.diagnose.case import Case
from edgeplan.diagnose.compression import dominance_findings
from edgeplan.diagnose.fragments import fragment_findings
from edgeplan.diagnose.latency import latency_findings
from edgeplan.diagnose.memory import is_short, memory_findings
from edgeplan.diagnose.placement import placement_findings
from edgeplan.diagnose.redundant import redundant_findings
from edgeplan.diagnose.shapes import shape_findings
from edgeplan.finding import Finding

__all__ = ["Case", "diagnose"]


def diagnose(case: Case) -> tuple[Finding, ...]:
    """Every finding, worst first; those of equal severity by code, then by the work they touch."""
    stages = (
        shape_findings,
        placement_findings,
        fragment_findings,
        memory_findings,
        latency_findings,
        redundant_findings,
    )
    found = [finding for stage in stages for finding in stage(case)]
    if is_short(found):
        found += dominance_findings(case)
    return tuple(sorted(found, key=lambda f: (-f.severity.rank, f.code, -(f.macs_share or 0), -(f.bytes_share or 0))))
