"""The one region of device memory that holds TensorRT's activations and workspaces ('Total Activation Memory').

What kernels leave to each other lies in it, and a workspace for each convolution or matrix product while it runs; the
network's inputs and outputs are the caller's buffers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from edgeplan.graph import Graph
from edgeplan.memory.arena import Arena, arena_of, pack
from edgeplan.memory.greedy import place
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.pool import Pool
from edgeplan.memory.runtimes.tensorrt.kernels import Kernels, fused
from edgeplan.memory.runtimes.tensorrt.rows import summed
from edgeplan.memory.runtimes.tensorrt.streams import Schedule, schedule
from edgeplan.memory.runtimes.tensorrt.values import ALIGNMENT, rounded, values_of
from edgeplan.memory.runtimes.tensorrt.work import work_of

__all__ = ["plan_region", "without_workspaces"]

_GAPS = 3_000_000
"""Spans that first fit may look at, about half a second; where thousands of values wait at once it looks at more."""


def plan_region(graph: Graph, workspace: int, elsewhere: Collection[int] = (), half: bool = False) -> Pool:
    """Plan the region, with a stream for each branch and workspaces of so many bytes.

    Ops `elsewhere` are not the GPU's; `half` says that float32 is computed as float16. Of an op's bodies one runs at a
    time, in a region of its own.
    """
    kernels = fused(graph, elsewhere, half)
    found = schedule(kernels.all, [work_of(graph, k) for k in kernels.all], len(graph.ops))
    unsized: list[str] = []
    inner = list(_inner(graph, kernels, found, workspace, half, unsized))
    values = [*values_of(graph, kernels, found.at, found.last, half, unsized), *inner]
    spaces = tuple(_workspaces(graph, kernels, found, rounded(workspace), half))
    return Pool("activations", _first_fit(values, len(graph.ops), spaces), tuple(dict.fromkeys(unsized)))


def without_workspaces(pool: Pool, steps: int) -> Arena:
    """The same values alone, laid out the same way."""
    return _first_fit([b for b in pool.arena.buffers if b.role != "scratch"], steps)


def _first_fit(values: Sequence[Buffer], steps: int, spaces: Sequence[tuple[int, Buffer]] = ()) -> Arena:
    """Into the lowest gap, in the order in which kernels are launched: what one writes, then its workspace."""
    buffers = [*values, *(b for _, b in spaces)]
    at = [*((b.born, 0) for b in values), *((launched, 1) for launched, _ in spaces)]
    order = sorted(range(len(buffers)), key=lambda i: at[i])
    offsets = place(buffers, order, "first", ALIGNMENT, _GAPS)
    return pack(buffers, steps) if offsets is None else arena_of(buffers, offsets, steps, "first fit")


def _inner(
    graph: Graph, kernels: Kernels, found: Schedule, workspace: int, half: bool, unsized: list[str]
) -> Iterator[Buffer]:
    """What an op takes beside its inputs and outputs: its largest body, for LRN the rest of three float32 ones."""
    for k, kernel in enumerate(kernels.all):
        op, at = graph.ops[kernel.ops[0]], found.at[k]
        if kernel.kind == "body":
            bodies = [plan_region(body.graph, workspace, (), half) for body in op.bodies]
            unsized += (name for pool in bodies for name in pool.unsized)
            size = max(pool.arena.size for pool in bodies)
            if size:
                yield Buffer(op.name, at, at, rounded(size), "body")
        elif op.label == "LRN":
            value = graph.values[op.outputs[0]]
            stored = 2 if half or (value.dtype is not None and value.dtype.bits == 16) else 4
            if value.elements:
                yield Buffer(op.name, at, at, rounded((3 * 4 - 2 * stored) * value.elements), "scratch")


def _workspaces(graph: Graph, kernels: Kernels, found: Schedule, size: int, half: bool) -> Iterator[tuple[int, Buffer]]:
    """A workspace for each contraction, for as long as it may run beside other streams; one at a time on a stream.

    With each comes the step where the contraction is launched. Sums of a single row need none.
    """
    lanes: dict[int, list[int]] = {}
    for k, kernel in enumerate(kernels.all):
        if kernel.kind == "contraction" and size and not summed(graph, kernel, half):
            lanes.setdefault(found.stream[k], []).append(k)
    for lane in lanes.values():
        lane.sort(key=lambda k: found.at[k])
        free = 0
        for k, after in zip(lane, [*lane[1:], None], strict=True):
            start = min(max(free, found.first[k]), found.at[k])
            end = found.last[k] if after is None else max(found.at[k], min(found.last[k], found.at[after] - 1))
            free = end + 1
            yield found.at[k], Buffer(graph.ops[kernels.all[k].ops[0]].name, start, end, size, "scratch")
