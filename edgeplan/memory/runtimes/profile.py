"""What a runtime's memory profile is: how it plans its activations, and everything else it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from edgeplan.memory.deployment import Deployment
from edgeplan.memory.pool import Pool
from edgeplan.memory.term import Term

__all__ = ["Profile"]


@dataclass(frozen=True, slots=True)
class Profile:
    """`pools` plans the regions that hold activations, `terms` names all the memory taken, those regions included."""

    pools: Callable[[Deployment], tuple[Pool, ...]]
    terms: Callable[[Deployment, Sequence[Pool]], Iterable[Term]]
