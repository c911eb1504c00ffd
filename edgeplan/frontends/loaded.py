"""What every frontend delivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgeplan.graph import Graph

__all__ = ["Loaded"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A graph read from a file, the dimensions of its inputs that stay free, and the weight files not found.

    `stored` are sizes the file itself gives free dimensions: those that a runtime takes which cannot resize an input.
    """

    graph: Graph
    free: tuple[str, ...]
    missing: tuple[str, ...]
    stored: Mapping[str, int] = field(default_factory=dict)
