"""The memory a network needs on a device: every term of its runtime's profile, and when how much of it is alive."""

from __future__ import annotations

from dataclasses import dataclass

from edgeplan.memory.deployment import Deployment
from edgeplan.memory.pool import Pool
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes import profile_of
from edgeplan.memory.term import Term, total
from edgeplan.memory.timeline import Timeline, timeline

__all__ = ["MemoryPlan", "plan_memory"]


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Bytes. `weights` are those of the constants as ops read them, `pools` the regions that hold activations.

    `load`, `run` and `build` are what all terms need together in that phase, pages of the model's file that the system
    can drop left out; `build` only where the device compiles the model itself. `unsized` names the values the plan
    leaves out.
    """

    weights: int
    terms: tuple[Term, ...]
    pools: tuple[Pool, ...]
    load: Range
    run: Range
    build: Range
    unsized: tuple[str, ...]
    timeline: Timeline

    @property
    def peak(self) -> Range:
        """The more of loading and running; a lower bound while values are unsized."""
        return self.load | self.run

    @property
    def activations(self) -> int:
        """Bytes of all regions that hold activations."""
        return sum(p.arena.size for p in self.pools)


def plan_memory(given: Deployment) -> MemoryPlan:
    """Plan a lowered graph at the order in which its ops stand."""
    profile = profile_of(given.target.backend.name)
    pools = profile.pools(given)
    terms = tuple(profile.terms(given, pools))
    lost = (n for n, v in given.constants.items() if v.bytes is None)
    unsized = tuple(dict.fromkeys((*(n for p in pools for n in p.unsized), *lost)))
    load, run, build = total(terms, "load"), total(terms, "run"), total(terms, "build")
    return MemoryPlan(given.weights, terms, pools, load, run, build, unsized, timeline(given.graph, pools))
