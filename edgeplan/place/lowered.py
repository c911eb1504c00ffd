"""A graph as a target's runtime would run it."""

from __future__ import annotations

from edgeplan.graph import Graph
from edgeplan.lower import lower_to
from edgeplan.lower.assumed import as_quantised
from edgeplan.target import Target

__all__ = ["lower_for"]


def lower_for(graph: Graph, target: Target, precision: str | None = None) -> Graph:
    """The graph in the dialect of the target's backend, with what its release fuses and keeps.

    `precision` is what floats are computed in, where that is not to be the target's own. Where the target assumes a
    model to be quantised, the values have the types of one.
    """
    backend = target.backend
    fusions = backend.fusions(target.release)
    lowered = lower_to(graph, backend.dialect, precision or target.precision, fusions, backend.lowering.keep)
    if not target.assume:
        return lowered
    return as_quantised(lowered, target.assume, typed=backend.dialect == "tflite" or "qdq" in fusions)
