"""The energy of an inference in the terminal report: the figure, what it counts, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from edgeplan.cost.energy import Energy
from edgeplan.cost.latency import Latency
from edgeplan.report.escape import plain
from edgeplan.report.evidence import source_line
from edgeplan.units import say_joules, say_range

__all__ = ["energy_lines", "energy_rows"]


def energy_rows(energy: Energy, latency: Latency) -> Iterator[tuple[str, str, str]]:
    """Rows of (head, what is said, its kind); none where the time is not known: that is said already."""
    if energy.total is not None:
        counted = dict.fromkeys(u.counted.partition(":")[0] for u in energy.units)
        yield "energy", f"{energy.total.said(say_joules)}: {'; '.join(counted)}", "estimated"
    elif latency.total is not None:
        yield "energy", f"not known: {plain(energy.why, 300)}", ""


def energy_lines(energy: Energy) -> Iterator[Text]:
    """What each unit's figure counts, and its sources, each once."""
    for unit in energy.units:
        yield Text(f"{say_range(*unit.watts, say=lambda w: f'{w:.3g} W')} of {unit.counted}")
    for evidence in dict.fromkeys(e for unit in energy.units for e in unit.evidence):
        yield Text(source_line(evidence), "dim")
