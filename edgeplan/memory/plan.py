"""The memory a network needs on a device: every term of its runtime's profile, and when how much of it is alive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeplan.finding import Confidence
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.pool import Pool
from edgeplan.memory.quirks import Quirk, quirks, term_of
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes import profile_of
from edgeplan.memory.term import Term, total
from edgeplan.memory.timeline import Timeline, timeline
from edgeplan.memory.traffic import Traffic

__all__ = ["MemoryPlan", "plan_memory"]


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Bytes. `weights` are those of the constants as ops read them, `stored` as the file that is loaded holds them.

    `pools` are the regions that hold activations. `load`, `run` and `build` are what all terms need together in that
    phase, files and flash left out; `build` only where the device compiles the model itself. `peak` is the more of
    loading and running, a lower bound while values are unsized, and `app` what of it the app's own process holds.
    `unsized` names the values the plan leaves out, `traffic` is known of accelerators with memory of their own.
    `quirks` are rows of what ops may take beside; those that nothing but reports of users speak for are in no sum.
    """

    weights: int
    stored: int
    terms: tuple[Term, ...]
    pools: tuple[Pool, ...]
    load: Range
    run: Range
    build: Range
    peak: Range
    app: Range
    unsized: tuple[str, ...]
    timeline: Timeline
    traffic: Traffic | None = None
    quirks: tuple[Quirk, ...] = ()

    @property
    def activations(self) -> int:
        """Bytes of all regions that hold activations."""
        return sum(p.arena.size for p in self.pools)


def plan_memory(given: Deployment) -> MemoryPlan:
    """Plan a lowered graph at the order in which its ops stand."""
    profile = profile_of(given.target.backend.name)
    pools = profile.pools(given)
    found = tuple(quirks(given))
    backend = given.target.backend
    believed = (term_of(q, backend) for q in found if backend.confidence(q.row) is not Confidence.LOW)
    terms = (*profile.terms(given, pools), *believed)
    load, run, build = total(terms, "load"), total(terms, "run"), total(terms, "build")
    app = total(terms, "load", "app") | total(terms, "run", "app")
    return MemoryPlan(
        given.weights,
        profile.stored(given),
        terms,
        pools,
        load,
        run,
        build,
        load | run,
        app,
        tuple(dict.fromkeys(_unsized(given, pools))),
        timeline(given.graph, pools),
        profile.traffic(given),
        found,
    )


def _unsized(given: Deployment, pools: Sequence[Pool]) -> Iterator[str]:
    """Values whose bytes are not known, whoever would hold them, and those of bodies that a pool left out."""
    graph = given.graph
    for name in (*graph.inputs, *(name for op in graph.ops for name in op.outputs)):
        value = graph.values[name]
        if value.bytes is None and not value.const:
            yield name
    yield from (name for pool in pools for name in pool.unsized)
    yield from (name for name, value in given.constants.items() if value.bytes is None)
