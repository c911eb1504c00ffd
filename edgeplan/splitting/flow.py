"""The one place that asks a solver: the least cut of a network with whole capacities, by OR-tools.

Whole, because solvers that test floats for zero return cuts that do not have the value they report; by one that takes
64 bits, because with 32 the smallest capacities of a large network round to nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["source_side"]

Array = NDArray[Any]


def source_side(tail: Array, head: Array, capacity: Array, source: int, sink: int) -> Array:
    """The vertices, by number, on the source's side of a least cut: of several the one with the fewest.

    Arcs go from `tail` [A] to `head` [A], numbers from 0, and cost their whole `capacity` [A], of which all together
    stay below 2^62.
    """
    from ortools.graph.python import max_flow

    flow = max_flow.SimpleMaxFlow()
    flow.add_arcs_with_capacity(tail.astype(np.int32), head.astype(np.int32), capacity.astype(np.int64))
    status = flow.solve(source, sink)
    if status != flow.OPTIMAL:
        raise RuntimeError(f"the solver stopped with {status}")
    return np.asarray(flow.get_source_side_min_cut(), np.int64)
