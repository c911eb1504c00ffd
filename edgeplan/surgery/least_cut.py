"""The least cut of a small network: which nodes stand on its source's side so that the edges out of it cost least."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Network"]


class Network:
    """A directed network with whole capacities: networkx cuts those exactly, floats not always at the right place."""

    def __init__(self) -> None:
        import networkx as nx

        self._graph: nx.DiGraph[Hashable] = nx.DiGraph()

    def edge(self, start: Hashable, end: Hashable, capacity: int) -> None:
        """Add an edge that costs `capacity` to cut; what stood there before costs as much more."""
        before = self._graph.get_edge_data(start, end, {"capacity": 0})["capacity"]
        self._graph.add_edge(start, end, capacity=before + capacity)

    def cut(self, source: Hashable, sink: Hashable) -> tuple[int, set[Hashable]]:
        """The cost of the least cut, and the smallest source side that has it."""
        import networkx as nx

        self._graph.add_nodes_from((source, sink))
        residual = nx.algorithms.flow.boykov_kolmogorov(self._graph, source, sink)
        open_edges = ((a, b) for a, b, edge in residual.edges(data=True) if edge["flow"] < edge["capacity"])
        side = nx.DiGraph(open_edges)
        side.add_node(source)
        return int(residual.graph["flow_value"]), {source, *nx.descendants(side, source)}
