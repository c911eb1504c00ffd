"""The finding about a graph cut into many runs: EP102."""

from __future__ import annotations

from collections.abc import Iterator

from edgeplan.diagnose.case import Case
from edgeplan.finding import Evidence, Finding
from edgeplan.units import count, say_bytes

__all__ = ["fragment_findings"]

FRAGMENTED = 3
"""Runs on the accelerator from which the graph counts as fragmented; see `_SOURCE`."""

_SOURCE = Evidence(
    "ort-usability",
    "vendor-code",
    "three partitions or more: 'NO', not recommended, whatever share of the nodes they hold",
    "https://github.com/microsoft/onnxruntime/blob/v1.21.0/tools/python/util/mobile_helpers/usability_checker.py",
)


def fragment_findings(case: Case) -> Iterator[Finding]:
    """The accelerator's runs, when there are many, and what crosses between units."""
    accelerators = {u.name for u in case.target.units if u.accelerator}
    runs = [s for s in case.placement.segments if s.unit in accelerators]
    if len(runs) < FRAGMENTED:
        return
    moved = [c.bytes for c in case.placement.crossings]
    size = say_bytes(sum(b for b in moved if b is not None))
    crossing = f"{count(len(moved), 'value')} ({size}) cross between units"
    message = f"the accelerator's work is cut into {len(runs)} runs; {crossing}"
    yield case.finding("EP102", message, evidence=(_SOURCE,))
