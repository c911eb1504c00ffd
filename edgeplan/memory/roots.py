"""In which buffer each value lies, once a runtime's plan stands."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.graph import Graph
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.pool import Pool

__all__ = ["roots"]


def roots(graph: Graph, pools: Sequence[Pool]) -> dict[str, str]:
    """Value to the value that names its buffer: itself, or the one it views or was written over. O(ops)."""
    buffers: dict[str, Buffer] = {b.value: b for pool in pools for b in pool.arena.buffers if b.role == "activation"}
    found = {name: name for name in buffers}
    for step, op in enumerate(graph.ops):
        for name in op.outputs:
            if name in found:
                continue
            sources = (found[n] for n in op.inputs if n in found)
            source = next((n for n in sources if buffers[n].dies >= step), None)
            if source is not None:
                found[name] = source
    return found
