"""How large ONNX Runtime's arena grows: its allocator, replayed over the runs of a graph.

onnxruntime/core/framework/bfc_arena.cc (microsoft/onnxruntime@009aae1) keeps free chunks by size and extends itself by
powers of two from 1 MiB on. The first run takes a chunk for each buffer; every later one takes a single chunk for all
of them, laid out as they were traced (ort_value_pattern_planner.cc), and one for each output.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgeplan.memory.lifetimes import Buffer
from edgeplan.units import round_up

__all__ = ["Grown", "grow"]

_QUANTUM = 256
_FIRST = 2**20
_LARGEST = 2**30
_DEAD = 2**27


@dataclass(frozen=True, slots=True)
class Grown:
    """Bytes an arena has taken from the system after some runs, and those of them that were ever handed out."""

    taken: int
    touched: int


def grow(buffers: Sequence[Buffer], steps: int, pattern: int, outputs: Iterable[int]) -> Grown:
    """The arena after two runs; `pattern` is the size of the chunk that later runs take, 0 where there is none."""
    arena = _Arena()
    _run(arena, buffers, steps)
    kept = list(outputs)
    if pattern:
        held = [arena.alloc(size) for size in (pattern, *kept) if size]
        for chunk in held:
            arena.free(chunk)
    return Grown(arena.taken, arena.touched)


def _run(arena: _Arena, buffers: Sequence[Buffer], steps: int) -> None:
    born: list[list[int]] = [[] for _ in range(max(steps, 1))]
    dies: list[list[int]] = [[] for _ in range(max(steps, 1))]
    for i, b in enumerate(buffers):
        born[b.born].append(i)
        dies[b.dies].append(i)
    held: dict[int, int] = {}
    for step in range(steps):
        for i in born[step]:
            held[i] = arena.alloc(buffers[i].size)
        for i in dies[step]:
            arena.free(held.pop(i))


class _Arena:
    """Chunks by address, free ones by size; best fit, split where at least half would be wasted, joined when freed."""

    def __init__(self) -> None:
        self.taken = 0
        self._next = _FIRST
        self._size: dict[int, int] = {}
        self._before: dict[int, int] = {}
        self._is_free: set[int] = set()
        self._free: list[tuple[int, int]] = []
        self._used: dict[int, int] = {}
        self._region: dict[int, int] = {}

    @property
    def touched(self) -> int:
        """Bytes below the highest address handed out, region by region."""
        return sum(self._used.values())

    def alloc(self, size: int) -> int:
        """The address of a chunk of at least that size."""
        size = round_up(size, _QUANTUM)
        at = bisect_left(self._free, (size, -1))
        if at == len(self._free):
            self._extend(size)
            at = bisect_left(self._free, (size, -1))
        have, address = self._free.pop(at)
        self._is_free.discard(address)
        if have >= 2 * size or have - size >= _DEAD:
            self._split(address, size, have)
        region = self._region[address]
        self._used[region] = max(self._used.get(region, 0), address + size - region)
        return address

    def free(self, address: int) -> None:
        """Give a chunk back; it joins the free ones beside it."""
        after = address + self._size[address]
        if after in self._is_free and self._region[after] == self._region[address]:
            self._join(address, after)
        before = self._before.get(address)
        if before is not None and before in self._is_free:
            self._take(before)
            self._join_into(before, address)
            address = before
        self._add(address)

    def _extend(self, size: int) -> None:
        grown = size > self._next
        while size > self._next:
            self._next *= 2
        region, length = self.taken, self._next
        if not grown and self._next < _LARGEST:
            self._next *= 2
        self.taken += length
        self._size[region], self._region[region] = length, region
        self._add(region)

    def _split(self, address: int, size: int, have: int) -> None:
        rest = address + size
        self._size[address], self._size[rest] = size, have - size
        self._region[rest], self._before[rest] = self._region[address], address
        self._follow(rest)
        self._add(rest)

    def _join(self, address: int, after: int) -> None:
        self._take(after)
        self._join_into(address, after)

    def _join_into(self, first: int, second: int) -> None:
        self._size[first] += self._size.pop(second)
        del self._region[second]
        del self._before[second]
        self._follow(first)

    def _follow(self, address: int) -> None:
        """Tell the chunk behind one that it stands behind it."""
        after = address + self._size[address]
        if self._region.get(after) == self._region[address]:
            self._before[after] = address

    def _add(self, address: int) -> None:
        self._is_free.add(address)
        insort(self._free, (self._size[address], address))

    def _take(self, address: int) -> None:
        self._is_free.discard(address)
        del self._free[bisect_left(self._free, (self._size[address], address))]
