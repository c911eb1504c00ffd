"""Less memory by running the same ops in another order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgeplan.memory.deployment import Deployment
from edgeplan.memory.lifetimes import ArenaRules
from edgeplan.memory.order import lower_peak_order, reordered
from edgeplan.memory.pool import Pool
from edgeplan.memory.relief.value import NoRelief, Relief
from edgeplan.memory.runtimes import profile_of
from edgeplan.place.runs import runs_of

__all__ = ["reorder"]

_NAME = "order"


def reorder(given: Deployment, pools: Sequence[Pool]) -> Relief | NoRelief:
    """The runtime's own plan again, with the ops of the model in an order that keeps less alive at the peak.

    The order is looked for with what holds for every runtime, views that share a buffer; what it is worth is told by
    the runtime's own rules.
    """
    found = lower_peak_order(given.graph, ArenaRules())
    if found.after >= found.before:
        return NoRelief(_NAME, "no order of the ops with a lower peak was found")
    graph, units = reordered(given.graph, found.order), tuple(given.units[i] for i in found.order)
    changed = replace(given, graph=graph, units=units, segments=runs_of(graph, units))
    before = sum(pool.arena.size for pool in pools)
    after = sum(pool.arena.size for pool in profile_of(given.target.backend.name).pools(changed))
    if after >= before:
        return NoRelief(_NAME, "an order with a lower peak was found, but the runtime's plan is no smaller with it")
    return Relief(_NAME, before, after, "computed", f"{found.moved:,} ops run in another order")
