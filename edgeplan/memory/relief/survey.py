"""All ways to lower the peak, the one that saves most first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from edgeplan.memory.deployment import Deployment
from edgeplan.memory.pool import Pool, running_graph, running_order
from edgeplan.memory.relief.in_place import in_place
from edgeplan.memory.relief.patches import patches
from edgeplan.memory.relief.precision import precision
from edgeplan.memory.relief.reorder import reorder
from edgeplan.memory.relief.resolution import resolution
from edgeplan.memory.relief.value import NoRelief, Relief

__all__ = ["relief", "ways"]

_SMALLER = (0.75, 0.5)
"""Sides of a smaller image, as shares."""


def ways(given: Deployment, pools: Sequence[Pool], macs: Sequence[int | None] = ()) -> Iterator[Relief | NoRelief]:
    """Every way, those that do not help with why. `macs` are those of each op, for what a way costs in work."""
    given, macs = _as_run(given, pools, macs)
    yield reorder(given, pools)
    yield in_place(given, pools)
    yield precision(given, pools)
    yield patches(given, pools, macs)
    for factor in _SMALLER:
        yield resolution(given, pools, factor)


def relief(given: Deployment, pools: Sequence[Pool], macs: Sequence[int | None] = ()) -> tuple[Relief, ...]:
    """The ways that help by at least a fiftieth, by the bytes they save."""
    helpful = [way for way in ways(given, pools, macs) if isinstance(way, Relief) and way.saved * 50 >= way.before]
    return tuple(sorted(helpful, key=lambda way: -way.saved))


def _as_run(
    given: Deployment, pools: Sequence[Pool], macs: Sequence[int | None]
) -> tuple[Deployment, Sequence[int | None]]:
    """The same with the ops in the order in which the runtime runs them: that of the steps of the pools."""
    order = running_order(pools)
    if not order:
        return given, macs
    place = {i: at for at, i in enumerate(order)}
    segments = tuple(replace(s, ops=tuple(place[i] for i in s.ops)) for s in given.segments)
    graph = running_graph(given.graph, pools)
    changed = replace(given, graph=graph, units=tuple(given.units[i] for i in order), segments=segments)
    return changed, [macs[i] for i in order] if macs else macs
