"""How many bytes of activations are alive at every op, where most are, and what is alive there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from edgeplan.graph import Graph
from edgeplan.memory.lifetimes import Buffer, Role
from edgeplan.memory.live import live_bytes
from edgeplan.memory.pool import Pool, running_graph, running_order

__all__ = ["Held", "Timeline", "Use", "timeline"]

Use = Literal["input", "output", "scratch", "body", "state", "waiting", "kept"]
"""What a buffer is to the op at the peak: read or written by it, its scratch memory, the arena of its body, a state
that lasts from call to call, waiting for a later op (a skip connection, say), or an input or output of the graph that
no op reads any more and the runtime keeps."""


@dataclass(frozen=True, slots=True)
class Held:
    """A buffer alive at the peak: `size` in bytes, the ops `born` to `dies` by index, both included."""

    value: str
    size: int
    use: Use
    role: Role
    pool: str
    born: int
    dies: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """`live[i]` bytes are alive, over all pools, while the `i`-th op runs: of the graph, or of `order` if there is one.

    `peak` is the most of them, `steps` every op where it is reached. `op` and `type` name the first one and `held` all
    that is alive there, largest first. A pool's arena may be larger than its peak: buffers have to fit side by side.
    `makers` gives the op that makes a buffer's value where the buffer is alive before it: outputs of a part that a
    runtime hands to another unit, say.
    """

    live: tuple[int, ...]
    peak: int
    steps: tuple[int, ...]
    op: str
    type: str
    held: tuple[Held, ...]
    makers: Mapping[str, int] = field(default_factory=dict)
    order: tuple[int, ...] = ()

    @property
    def step(self) -> int:
        """The first op at the peak; 0 for a graph without ops."""
        return self.steps[0] if self.steps else 0


def timeline(graph: Graph, pools: Sequence[Pool]) -> Timeline:
    """The timeline of all pools together, a step being an op of the graph. O(buffers + ops)."""
    graph = running_graph(graph, pools)
    live = live_bytes([b for pool in pools for b in pool.arena.buffers], len(graph.ops))
    peak = max(live, default=0)
    steps = tuple(i for i, size in enumerate(live) if size == peak)
    if not steps:
        return Timeline((), 0, (), "", "", ())
    op = graph.ops[steps[0]]
    makers = {
        b.value: graph.producer[b.value]
        for pool in pools
        for b in pool.arena.buffers
        if b.role == "activation" and graph.producer.get(b.value, b.born) > b.born
    }
    return Timeline(
        tuple(live), peak, steps, op.name, op.label, tuple(_held(graph, pools, steps[0])), makers, running_order(pools)
    )


def _held(graph: Graph, pools: Sequence[Pool], step: int) -> list[Held]:
    here = [(pool.name, b) for pool in pools for b in pool.arena.buffers if b.born <= step <= b.dies]
    owned = {b.value for _, b in here if b.role == "activation"}
    op = graph.ops[step]
    read = {_owner(graph, name, owned) for name in graph.reads(op)}
    found = [Held(b.value, b.size, _use(b, step, graph, read), b.role, pool, b.born, b.dies) for pool, b in here]
    return sorted(found, key=lambda held: (-held.size, held.born))  # stable: equal ones stay in the order of the pools


def _use(buffer: Buffer, step: int, graph: Graph, read: set[str]) -> Use:
    if buffer.role != "activation":
        return buffer.role
    if buffer.value in graph.ops[step].outputs:
        return "output"
    if buffer.value in read:
        return "input"
    ends = buffer.value in graph.inputs or buffer.value in graph.outputs
    return "kept" if ends and max(graph.consumers.get(buffer.value, (0,))) < step else "waiting"


def _owner(graph: Graph, name: str, owned: set[str]) -> str:
    """The value in whose buffer a value lies: itself, or what its op looks at or wrote over."""
    while name not in owned and name in graph.producer:
        inputs = graph.ops[graph.producer[name]].inputs
        if not inputs:
            break
        name = next((n for n in inputs if n in owned), inputs[0])
    return name
