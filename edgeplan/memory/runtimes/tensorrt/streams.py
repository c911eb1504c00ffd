"""Which kernels of a network TensorRT runs side by side, and when that can be.

By default it puts branches of the graph on streams of their own, up to eight, and gives each its workspaces. Read off
the streams of engines that TensorRT-RTX 1.7.1 built, and probed at the boundary:

* Only branches of some size leave the stream of the kernel they read: the multiply-accumulates of one of their kernels
  and the elements it reads and writes are 2^20 together or more (1x1, 3x3 and depthwise convolutions and poolings of
  14x14 to 56x56), and so are those of the branch they would have to wait for.
* Such a kernel goes on a stream that is idle by then, else on a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeplan.memory.runtimes.tensorrt.kernels import Kernel

__all__ = ["Schedule", "schedule"]

_MOST = 8
"""Streams at once: a network with ten equal branches was built with eight."""
_LEAST_WORK = 2**20


@dataclass(frozen=True, slots=True)
class Schedule:
    """When each kernel runs, in indices of ops.

    `at` is its place where all run one after the other, that of an input's copy the place of what reads it first; it
    may run from `first` to `last` where streams run side by side. `stream` is the stream it is on.
    """

    at: tuple[int, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]
    stream: tuple[int, ...]

    @property
    def streams(self) -> int:
        """How many streams the network uses."""
        return len(set(self.stream))


def schedule(kernels: Sequence[Kernel], work: Sequence[int], steps: int) -> Schedule:
    """Place kernels on streams and steps, given the work of each: O(kernels + reads), times the number of streams."""
    order = sorted(range(len(kernels)), key=lambda k: (kernels[k].depth, kernels[k].ops[0]))
    end = max(steps - 1, 0)
    at = [0] * len(kernels)
    first = [0] * len(kernels)
    last = [-1] * len(kernels)
    for k in order:
        kernel = kernels[k]
        ready = max((at[p] + (kernels[p].kind != "copy") for p in kernel.reads.values()), default=-1)
        own = kernel.ops[0] - (kernel.kind == "copy")
        at[k] = min(max(own, ready, 0), end)
        first[k] = at[k] if ready < 0 else min(ready, at[k])
    for k in reversed(order):
        for p in kernels[k].reads.values():
            last[p] = at[k] - 1 if last[p] < 0 else min(last[p], at[k] - 1)
    last = [max(found, here) for found, here in zip(last, at, strict=True)]
    return Schedule(tuple(at), tuple(first), tuple(last), tuple(_streams(kernels, work, order)))


def _streams(kernels: Sequence[Kernel], work: Sequence[int], order: Sequence[int]) -> list[int]:
    stream = [0] * len(kernels)
    tails: list[int] = []
    heavy = _heaviest(kernels, work, order)
    for k in order:
        kernel = kernels[k]
        before = sorted(set(kernel.reads.values()), key=lambda p: -kernels[p].depth)
        found = next((stream[p] for p in before if tails[stream[p]] == p), None)
        if found is None and before and min(heavy[k], heavy[tails[stream[before[0]]]]) < _LEAST_WORK:
            found = stream[before[0]]
        if found is None:
            found = next((s for s, tail in enumerate(tails) if kernels[tail].depth < kernel.depth), None)
        if found is None and len(tails) < _MOST:
            found = len(tails)
            tails.append(k)
        if found is None:
            found = min(range(_MOST), key=lambda s: kernels[tails[s]].depth)
        tails[found] = k
        stream[k] = found
    return stream


def _heaviest(kernels: Sequence[Kernel], work: Sequence[int], order: Sequence[int]) -> list[int]:
    """The most work of a kernel and of those that follow it and nothing else, one after the other."""
    found = list(work)
    alone: dict[int, int] = {}  # the one kernel that reads another, where it reads no third
    for k in order:
        before = set(kernels[k].reads.values())
        for p in before:
            alone[p] = k if len(before) == 1 and p not in alone else -1
    for k in reversed(order):
        after = alone.get(k, -1)
        if after >= 0:
            found[k] = max(found[k], found[after])
    return found
