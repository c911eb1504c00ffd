"""A graph as a target's runtime would run it."""

from __future__ import annotations

from collections.abc import Collection

from edgeplan.graph import Graph
from edgeplan.lower import lower_to
from edgeplan.lower.assumed import as_quantised
from edgeplan.lower.scheme import Scheme, parse_scheme
from edgeplan.target import Target

__all__ = ["as_compressed", "lower_for"]


def lower_for(graph: Graph, target: Target, precision: str | None = None) -> Graph:
    """The graph in the dialect of the target's backend, with what its release fuses and keeps.

    `precision` is what floats are computed in, where that is not to be the target's own. Where the target assumes a
    model to be compressed, the values have the types of one.
    """
    backend = target.backend
    fusions = backend.fusions(target.release)
    lowered = lower_to(graph, backend.dialect, precision or target.precision, fusions, backend.lowering.keep)
    return as_compressed(lowered, target, parse_scheme(target.assume)) if target.assume else lowered


def as_compressed(lowered: Graph, target: Target, scheme: Scheme, takes: Collection[str] | None = None) -> Graph:
    """A graph lowered for a target as though it were compressed by a scheme, in the forms that its release has.

    `takes` names the constants that are, None is every weight of a contraction.
    """
    backend = target.backend
    integers = scheme.activations > 0 and "qdq" in backend.fusions(target.release)
    typed = backend.dialect == "tflite" or integers
    recent = backend.dialect == "mil" and backend.covers("iOS 18", "", target.release)
    return as_quantised(lowered, scheme, typed=typed, takes=takes, recent=recent)
