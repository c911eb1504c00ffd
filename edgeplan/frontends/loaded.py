"""What every frontend delivers."""

from __future__ import annotations

from dataclasses import dataclass

from edgeplan.graph import Graph

__all__ = ["Loaded"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A graph read from a file, the dimensions of its inputs that stay free, and the weight files not found."""

    graph: Graph
    free: tuple[str, ...]
    missing: tuple[str, ...]
