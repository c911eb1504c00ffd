"""When each activation is alive: from the op that makes it to the last op that reads it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from edgeplan.graph import Graph
from edgeplan.memory.runtimes import PROFILES

__all__ = ["Buffer", "Lifetimes", "lifetimes"]


@dataclass(frozen=True, slots=True)
class Buffer:
    """Memory that must hold one value (and its views) while the ops `born` to `dies`, inclusive, run."""

    value: str
    born: int
    dies: int
    size: int


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """The buffers of a graph, and the values whose size is not known and which are therefore in none."""

    buffers: tuple[Buffer, ...]
    unsized: tuple[str, ...]
    steps: int


def lifetimes(
    graph: Graph,
    inner: Callable[[Graph], tuple[int, tuple[str, ...]]],
    alignment: int = 64,
    states: Mapping[str, int | None] | None = None,
    own: Collection[int] = (),
) -> Lifetimes:
    """Buffers at the order in which the ops stand. Constants are not activations.

    Inputs live from the first op on, outputs to the last one. What the runtime lays into one buffer counts once. An op
    with bodies needs, while it runs, the arena of its largest body: `inner` gives a body's arena in bytes and the
    values it leaves out. `states` are kept from call to call: they live all the time. `own` are the ops, by index, that
    the runtime's own kernels run, in scratch memory.
    """
    last = max(len(graph.ops) - 1, 0)
    profile = PROFILES[graph.dialect]
    shared = profile.shared(graph)
    root: dict[str, str] = {}
    born: dict[str, int] = {}
    dies: dict[str, int] = {}
    for name in graph.inputs:
        born[name], dies[name] = 0, last if profile.inputs_stay else 0
    kept = (states or {}).items()
    buffers = [Buffer(f"{name} (state)", 0, last, _aligned(size, alignment)) for name, size in kept if size]
    unsized = [name for name, size in kept if size is None]
    for step, op in enumerate(graph.ops):
        for name in graph.reads(op):
            owner = root.get(name, name)
            if owner in dies:
                dies[owner] = max(dies[owner], step)
        for name in op.outputs:
            if graph.values[name].const:
                continue
            source = root.get(shared[name], shared[name]) if name in shared else ""
            if source in born:
                root[name] = source
                continue
            born[name] = dies[name] = step
        scratch = profile.scratch(graph, op) if step in own else 0
        if scratch:
            buffers.append(Buffer(f"{op.name} (scratch)", step, step, _aligned(scratch, alignment)))
        if op.bodies:
            arenas = [inner(body.graph) for body in op.bodies]
            unsized += [name for _, names in arenas for name in names]
            largest = max(size for size, _ in arenas)
            if largest:
                buffers.append(Buffer(f"{op.name} (body)", step, step, _aligned(largest, alignment)))
    for name in graph.outputs:
        owner = root.get(name, name)
        if owner in dies:
            dies[owner] = last
    for name, start in born.items():
        size = graph.values[name].bytes
        if size is None:
            unsized.append(name)
        elif size:
            buffers.append(Buffer(name, start, dies[name], _aligned(size, alignment)))
    return Lifetimes(tuple(buffers), tuple(unsized), len(graph.ops))


def _aligned(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment
