"""What a runtime's memory profile is: how it plans its activations, and everything else it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from edgeplan.memory.deployment import Deployment
from edgeplan.memory.pool import Pool
from edgeplan.memory.term import Term
from edgeplan.memory.traffic import Traffic

__all__ = ["Profile"]


@dataclass(frozen=True, slots=True)
class Profile:
    """`pools` plans the regions that hold activations, `terms` names all the memory taken, those regions included.

    `stored` are the bytes of weights in the file the runtime loads, `traffic` is what a run moves between memory on the
    chip and off it, where that is known.
    """

    pools: Callable[[Deployment], tuple[Pool, ...]]
    terms: Callable[[Deployment, Sequence[Pool]], Iterable[Term]]
    traffic: Callable[[Deployment], Traffic | None] = field(default=lambda given: None)
    stored: Callable[[Deployment], int] = field(default=lambda given: given.weights)
