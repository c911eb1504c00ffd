"""The least cut of a small network: which nodes stand on its source's side so that the edges out of it cost least."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from edgeplan.splitting.flow import source_side

__all__ = ["Network"]


class Network:
    """A directed network of nodes that go by any names, with whole capacities."""

    def __init__(self) -> None:
        self._capacity: dict[tuple[Hashable, Hashable], int] = {}

    def edge(self, start: Hashable, end: Hashable, capacity: int) -> None:
        """Add an edge that costs `capacity` to cut; what stood there before costs as much more."""
        self._capacity[start, end] = self._capacity.get((start, end), 0) + capacity

    def cut(self, source: Hashable, sink: Hashable) -> tuple[int, set[Hashable]]:
        """The cost of the least cut, and the smallest source side that has it."""
        nodes = list(dict.fromkeys((source, sink, *(end for edge in self._capacity for end in edge))))
        number = {node: i for i, node in enumerate(nodes)}
        ends = np.array([[number[a], number[b]] for a, b in self._capacity], np.int64).reshape(-1, 2)
        capacity = np.array(list(self._capacity.values()), np.int64)
        side = {nodes[i] for i in source_side(ends[:, 0], ends[:, 1], capacity, number[source], number[sink])}
        return sum(c for (a, b), c in self._capacity.items() if a in side and b not in side), side
