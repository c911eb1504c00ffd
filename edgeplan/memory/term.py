"""What memory goes to, one name at a time: weights, the arena, what the runtime adds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from edgeplan.finding import Evidence
from edgeplan.memory.range import Range

__all__ = ["Kind", "Phase", "Term", "total"]

Kind = Literal["computed", "estimated", "measured"]
"""Exact given the graph; a model with a stated error; somebody's run, cited."""

Phase = Literal["build", "load", "run", "always"]
"""Held while the device itself compiles the model, while it loads it, while it computes, or from the load to the end.

A build happens once, apart from any run, and can happen on another machine."""


@dataclass(frozen=True, slots=True)
class Term:
    """Part of the memory a network takes on a device.

    `basis` says in a sentence how the size comes about, `evidence` who says so. `reclaimable` are pages of the model's
    file that the system drops under pressure and reads again: resident, but not what an app is killed for.
    """

    name: str
    size: Range
    kind: Kind
    phase: Phase
    basis: str
    evidence: tuple[Evidence, ...] = ()
    reclaimable: bool = False


def total(terms: Iterable[Term], phase: Phase, *, reclaimable: bool = False) -> Range:
    """What all terms of a phase need together; reclaimable ones only when asked for. A build shares with nothing."""
    phases = (phase,) if phase == "build" else (phase, "always")
    held = (t.size for t in terms if t.phase in phases and (reclaimable or not t.reclaimable))
    return sum(held, start=Range())
