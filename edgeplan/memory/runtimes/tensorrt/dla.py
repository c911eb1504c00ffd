"""What the subgraphs on a Jetson's DLA keep in the main memory between their ops."""

from __future__ import annotations

from edgeplan.memory.deployment import Deployment
from edgeplan.memory.lifetimes import ArenaRules, lifetimes
from edgeplan.memory.live import live_bytes
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.tensorrt.values import bytes_of

__all__ = ["dla_tensors"]


def dla_tensors(given: Deployment, most: int) -> Range:
    """Bytes of the intermediate tensors of every DLA subgraph: each has its own, of `most` bytes at most.

    How the DLA's compiler lays them out is not published. At least nothing, where its own SRAM holds all; likely the
    most that is alive at once, and at most everything that the subgraph writes. The DLA computes in 16 bits or less.
    """
    rules = ArenaRules(size=lambda value: bytes_of(value, True))
    found = lifetimes(given.graph, rules, lambda body: (0, ()))
    total = Range()
    for segment in given.segments:
        if segment.unit == "dla":
            names = {name for index in segment.ops for name in given.graph.ops[index].outputs}
            own = [b for b in found.buffers if b.value in names]
            likely = min(max(live_bytes(own, found.steps), default=0), most)
            total += Range(0, likely, min(sum(b.size for b in own), most))
    return total
