"""The head of the arena of TensorFlow Lite for Microcontrollers: activations and scratch buffers, planned together.

Source: tensorflow/tflite-micro@90b983c2, tensorflow/lite/micro: micro_allocation_info.cc
(AllocationInfoBuilder::MarkAllocationLifetimes), micro_allocator.cc (CreatePlan),
memory_planner/greedy_memory_planner.cc (CalculateOffsetsIfNeeded).

Every op has a time of its own, the ops of bodies too; the inputs of the graph come before the first. A tensor lives
from the op that writes it to the last that reads it, an input until it is read for the last time, an output to the end
of its graph. Nothing is written in place and no op is a view. Constants and variables are elsewhere. Tensors are added
in the file's order, then scratch buffers; the last added of one size is placed first, each in the lowest gap it fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from edgeplan.graph import Graph, Op, Value
from edgeplan.memory.arena import Arena, arrange
from edgeplan.memory.lifetimes import Buffer, Role
from edgeplan.memory.pool import Pool
from edgeplan.memory.runtimes.tflite_micro.kernels import Library, requests
from edgeplan.memory.runtimes.tflite_micro.machine import MCU, Machine
from edgeplan.units import round_up

__all__ = ["ALIGNMENT", "head", "held"]

ALIGNMENT = 16
"""MicroArenaBufferAlignment, in bytes."""


def head(graph: Graph, machine: Machine = MCU, library: Library = "reference") -> Pool:
    """The head as one pool, buffers in the steps of the main graph's ops. O(n log n + overlaps)."""
    times = _Times(machine, library)
    times.mark(graph, 0)
    wanted = [*times.tensors(graph), *times.scratch]
    buffers = [w.buffer for w in wanted]
    order = sorted(range(len(buffers)), key=lambda i: (-buffers[i].size, -i))
    plan = arrange(buffers, order, times.now + 1, "greedy by size, first fit", fit="first")
    return Pool("arena head", _by_op(plan, wanted, graph, times.at), tuple(times.unsized))


def held(graph: Graph) -> Iterator[Value]:
    """The tensors of a graph that the head holds, in the file's order: neither stored in the file nor variables."""
    made = set(graph.inputs)
    made.update(name for op in graph.ops for name in op.outputs)
    return (v for name, v in graph.values.items() if name in made and not _stored(graph, name))


def _stored(graph: Graph, name: str) -> bool:
    """Whether the file has contents for a tensor that an op writes as well: no buffer is planned for it."""
    base = name.removesuffix("/computed")
    return base != name and base in graph.values and graph.values[base].const


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A buffer at the planner's times; for what a body needs, the main graph's op that runs it, by index."""

    buffer: Buffer
    step: int = -1


_Tensor = tuple[int, str]
"""A tensor by its graph and its name: bodies may use the same names."""


@dataclass(slots=True)
class _Times:
    """When each tensor is first and last used, on one clock for a graph and all bodies of its ops."""

    machine: Machine
    library: Library
    now: int = 0
    first: dict[_Tensor, int] = field(default_factory=dict)
    last: dict[_Tensor, int] = field(default_factory=dict)
    at: dict[int, int] = field(default_factory=dict)
    """Planner's time of the main graph's ops to their index."""
    scratch: list[_Wanted] = field(default_factory=list)
    unsized: list[str] = field(default_factory=list)

    def mark(self, graph: Graph, depth: int, step: int = -1) -> None:
        """Follow a graph op by op; `step` is the main graph's op that runs it."""
        for name in graph.inputs:
            self._used((id(graph), name))
        for index, op in enumerate(graph.ops):
            self.now += 1
            start, where = self.now, step if depth else index
            for name in op.outputs:
                self.first.setdefault((id(graph), name), self.now)
            for body in op.bodies:
                self.now += 1
                self.mark(body.graph, depth + 1, where)
            for name in (*graph.reads(op), *op.outputs):
                self.last[id(graph), name] = self.now
            for time in range(start, self.now + 1) if depth == 0 else ():
                self.at[time] = index
            self._ask(graph, op, start, where if depth else -1)
        for name in graph.outputs:
            self._used((id(graph), name))

    def _used(self, tensor: _Tensor) -> None:
        self.first.setdefault(tensor, self.now)
        self.last[tensor] = self.now

    def _ask(self, graph: Graph, op: Op, start: int, step: int) -> None:
        for size in requests(graph, op, self.machine.pointer, self.library):
            if size is None:
                self.unsized.append(op.name)
            else:
                self.scratch.append(self._wanted(op.name, start, self.now, size, "scratch", step))

    def tensors(self, graph: Graph, step: int = -1) -> Iterator[_Wanted]:
        """The tensors of a graph, then those of its ops' bodies."""
        for value in held(graph):
            size = value.bytes  # a resource has none: its handle points into the kernel's own data
            if size is None:
                self.unsized.append(value.name)
            elif size:
                tensor = (id(graph), value.name)
                yield self._wanted(value.name, self.first[tensor], self.last[tensor], size, "activation", step)
        for index, op in enumerate(graph.ops):
            for body in op.bodies:
                yield from self.tensors(body.graph, index if step < 0 else step)

    def _wanted(self, name: str, first: int, last: int, size: int, role: Role, step: int) -> _Wanted:
        return _Wanted(Buffer(name, first, last, round_up(size, ALIGNMENT), role), step)


def _by_op(plan: Arena, requested: list[_Wanted], graph: Graph, at: Mapping[int, int]) -> Arena:
    """The plan with each buffer's life in ops of the main graph, what a body holds joined.

    An input that nothing reads is left out: the first op may write over it.
    """
    found: list[tuple[Buffer, int]] = []
    inner: dict[int, list[tuple[int, int]]] = {}
    for wanted, offset in zip(requested, plan.offsets, strict=True):
        b = wanted.buffer
        if wanted.step >= 0:
            inner.setdefault(wanted.step, []).append((offset, offset + b.size))
        elif b.dies or not at:
            found.append((Buffer(b.value, at.get(b.born, 0), at.get(b.dies, 0), b.size, b.role), offset))
    for step, spans in inner.items():
        name = graph.ops[step].name
        found += ((Buffer(name, step, step, end - start, "body"), start) for start, end in _joined(spans))
    peak = at.get(plan.peak_step, 0)
    buffers, offsets = tuple(b for b, _ in found), tuple(offset for _, offset in found)
    return Arena(buffers, offsets, plan.size, plan.bound, plan.method, peak)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges of addresses that touch or overlap as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
