"""What memory goes to, one name at a time: weights, the arena, what the runtime adds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from edgeplan.finding import Evidence
from edgeplan.memory.range import Range

__all__ = ["Holder", "Kind", "Phase", "Term", "total"]

Kind = Literal["computed", "estimated", "measured"]
"""Exact given the graph; a model with a stated error; somebody's run, cited."""

Phase = Literal["build", "load", "run", "always"]
"""Held while the device itself compiles the model, while it loads it, while it computes, or from the load to the end.

A build happens once, apart from any run, and can happen on another machine."""


Holder = Literal["app", "driver", "file", "flash"]
"""The app's own process; buffers of an accelerator's driver, which take the device's memory but are not counted to the
app; pages of a file, resident but dropped when the system runs short; storage that is read in place.
"""


@dataclass(frozen=True, slots=True)
class Term:
    """Part of the memory a network takes on a device.

    `basis` says in a sentence how the size comes about, `evidence` who says so, `holder` whose memory it is.
    """

    name: str
    size: Range
    kind: Kind
    phase: Phase
    basis: str
    evidence: tuple[Evidence, ...] = ()
    holder: Holder = "app"


def total(terms: Iterable[Term], phase: Phase, *holders: Holder) -> Range:
    """What all terms of a phase need together, held by `holders`: by the app and the driver where none is named.

    A build shares with no other phase.
    """
    phases = (phase,) if phase == "build" else (phase, "always")
    return sum(
        (t.size for t in terms if t.phase in phases and t.holder in (holders or ("app", "driver"))), start=Range()
    )
