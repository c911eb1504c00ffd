"""When each activation is alive: from the op that makes it to the last op that reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeplan.graph import Graph
from edgeplan.lower.views import is_view

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


def lifetimes(graph: Graph, inner: Callable[[Graph], tuple[int, tuple[str, ...]]], alignment: int = 64) -> Lifetimes:
    """Buffers at the order in which the ops stand. Constants are not activations.

    Inputs live from the first op on, outputs to the last one. A view shares the buffer of what it views. An op with
    bodies needs, while it runs, the arena of its largest body: `inner` gives a body's arena in bytes and the values it
    leaves out.
    """
    last = max(len(graph.ops) - 1, 0)
    root: dict[str, str] = {}
    born: dict[str, int] = {}
    dies: dict[str, int] = {}
    for name in graph.inputs:
        born[name] = dies[name] = 0
    buffers: list[Buffer] = []
    unsized: list[str] = []
    for step, op in enumerate(graph.ops):
        for name in graph.reads(op):
            owner = root.get(name, name)
            if owner in dies:
                dies[owner] = step
        view = is_view(graph, op)
        for name in op.outputs:
            if graph.values[name].const:
                continue
            if view and name == op.outputs[0]:
                source = root.get(op.inputs[0], op.inputs[0])
                if source in born:
                    root[name] = source
                    continue
            born[name] = dies[name] = step
        if op.bodies:
            arenas = [inner(body.graph) for body in op.bodies]
            unsized += [name for _, names in arenas for name in names]
            scratch = max(size for size, _ in arenas)
            if scratch:
                buffers.append(Buffer(f"{op.name} (body)", step, step, _aligned(scratch, alignment)))
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
