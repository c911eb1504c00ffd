"""When each activation is alive: from the op that makes it to the last op that reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from edgeplan.graph import Graph, Value
from edgeplan.lower.views import is_view
from edgeplan.units import round_up

__all__ = ["ArenaRules", "Buffer", "Lifetimes", "Role", "lifetimes", "views"]

Role = Literal["activation", "scratch", "body", "state"]
"""What a buffer holds: a value, an op's scratch memory, the arena of an op's body, or what lasts from call to call."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """Memory that must hold one value (and its views) while the ops `born` to `dies`, inclusive, run."""

    value: str
    born: int
    dies: int
    size: int
    role: Role = "activation"


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """The buffers of a graph, and the values whose size is not known and which are therefore in none."""

    buffers: tuple[Buffer, ...]
    unsized: tuple[str, ...]
    steps: int


def views(graph: Graph) -> dict[str, str]:
    """The tensors that only look at another one under another shape, by the one they view."""
    return {op.outputs[0]: op.inputs[0] for op in graph.ops if op.outputs and is_view(graph, op)}


@dataclass(frozen=True, slots=True)
class ArenaRules:
    """What a runtime does with activations.

    `shared` maps a value to the one in whose buffer it lies. Inputs stay to the end where they are never written over,
    outputs where the caller reads them there. `scratch` gives the bytes of each buffer an op, by index, needs while it
    runs; `states` what is kept between calls; `size` the bytes a value takes, None while they are not known.
    """

    shared: Callable[[Graph], Mapping[str, str]] = views
    inputs_stay: bool = False
    outputs_stay: bool = True
    alignment: int = 64
    scratch: Callable[[Graph, int], Iterable[int]] = field(default=lambda graph, op: ())
    states: Callable[[Graph], Mapping[str, int | None]] = field(default=lambda graph: {})
    size: Callable[[Value], int | None] = field(default=lambda value: value.bytes)


def lifetimes(graph: Graph, rules: ArenaRules, inner: Callable[[Graph], tuple[int, Sequence[str]]]) -> Lifetimes:
    """Buffers at the order in which the ops stand. Constants are not activations.

    What the runtime lays into one buffer counts once. An op with bodies needs, while it runs, the arena of its largest
    body: `inner` gives a body's arena in bytes and the values it leaves out.
    """
    last = max(len(graph.ops) - 1, 0)
    shared = rules.shared(graph)
    root: dict[str, str] = {}
    born: dict[str, int] = {}
    dies: dict[str, int] = {}
    for name in graph.inputs:
        born[name], dies[name] = 0, last if rules.inputs_stay else 0
    kept = rules.states(graph).items()
    buffers = [Buffer(name, 0, last, _aligned(size, rules), "state") for name, size in kept if size]
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
        buffers += (Buffer(op.name, step, step, _aligned(n, rules), "scratch") for n in rules.scratch(graph, step) if n)
        if op.bodies:
            arenas = [inner(body.graph) for body in op.bodies]
            unsized += [name for _, names in arenas for name in names]
            largest = max(size for size, _ in arenas)
            if largest:
                buffers.append(Buffer(op.name, step, step, _aligned(largest, rules), "body"))
    for name in graph.outputs if rules.outputs_stay else ():
        owner = root.get(name, name)
        if owner in dies:
            dies[owner] = last
    for name, start in born.items():
        size = rules.size(graph.values[name])
        if size is None:
            unsized.append(name)
        elif size:
            buffers.append(Buffer(name, start, dies[name], _aligned(size, rules)))
    return Lifetimes(tuple(buffers), tuple(unsized), len(graph.ops))


def _aligned(size: int, rules: ArenaRules) -> int:
    return round_up(size, rules.alignment)
