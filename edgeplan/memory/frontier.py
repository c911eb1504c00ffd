"""The order of the ops of one block whose peak is lowest: dynamic programming over the sets of ops that have run.

After Ahn and others, "Ordering Chaos: Memory-Aware Scheduling of Irregularly Wired Neural Networks for Edge Devices"
(SERENITY, MLSys 2020): how much is alive depends on which ops have run, not on their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice

__all__ = ["Block", "best_order"]


@dataclass(frozen=True, slots=True)
class Block:
    """Ops by number. Sets of ops are integers, one bit an op.

    `needs[i]` are the ops that `i` must follow, `makes[i]` the bytes that come alive with it, `extra[i]` what it takes
    only while it runs. `frees[i]` are the buffers that may go with it: the ops of the block that use each, and its
    bytes. `live` is what is alive before the first op runs.
    """

    needs: tuple[int, ...]
    makes: tuple[int, ...]
    extra: tuple[int, ...]
    frees: tuple[tuple[tuple[int, int], ...], ...]
    live: int

    def peak(self, order: Sequence[int]) -> int:
        """The most bytes alive while the ops run in an order."""
        state = _State(0, 0, self.live, 0)
        for i in order:
            state = _run(self, ((),) * len(order), state, i)
        return state.peak


def best_order(block: Block, floor: int, limit: int, work: int) -> list[int] | None:
    """The order of lowest peak among those with a peak below `limit` bytes, else None.

    A peak below `floor` is as good as one of `floor`. The result is the lowest unless more than about `work` ops would
    have to be tried in all; then, of the sets with the same number of ops, those with the highest peaks are forgotten,
    and of the ops that can run next only the first are tried.
    """
    readers: list[list[int]] = [[] for _ in block.needs]
    for i, before in enumerate(block.needs):
        for maker in _bits(before):
            readers[maker].append(i)
    usual = _most_ready(block, readers)  # in another order more may be ready at once
    tries = max(min(work // len(readers), max(2 * usual, _TRIES)), 1)
    width = max(work // (len(readers) * min(usual, tries)), 1)
    for bound in dict.fromkeys((min(floor + 1, limit), limit)):  # a tight bound leaves few sets and often suffices
        found = _search(block, readers, floor, bound, width, tries)
        if found is not None:
            return found
    return None


_TRIES = 64
"""Ready ops up to which all are tried after each set, however many sets that are."""


def _most_ready(block: Block, readers: Sequence[Sequence[int]]) -> int:
    """How many ops can run next at the same time, where they run as they stand."""
    waits = [before.bit_count() for before in block.needs]
    ready = most = waits.count(0)
    for found in readers:
        ready -= 1
        for i in found:
            waits[i] -= 1
            ready += not waits[i]
        most = max(most, ready)
    return most


@dataclass(frozen=True, slots=True)
class _State:
    """Ops that have run, those that can run next, and how it came to that: the last op and the state before it."""

    done: int
    ready: int
    live: int
    peak: int
    op: int = -1
    before: _State | None = None

    def rank(self) -> tuple[int, int]:
        return self.peak, self.live


def _search(
    block: Block, readers: Sequence[Sequence[int]], floor: int, limit: int, width: int, tries: int
) -> list[int] | None:
    count = len(readers)
    first = sum(1 << i for i, before in enumerate(block.needs) if not before)
    layers: list[dict[int, _State]] = [{} for _ in range(count + 1)]
    _keep(layers, _forced(block, readers, _State(0, first, block.live, floor), first))
    for layer in layers[:-1]:
        kept = layer.values() if len(layer) <= width else nsmallest(width, layer.values(), key=_State.rank)
        for state in kept:
            for i in islice(_bits(state.ready), tries):
                after = _run(block, readers, state, i)
                if after.peak < limit:
                    _keep(layers, _forced(block, readers, after, _touched(block, readers, after)))
        layer.clear()
    end = layers[-1].get((1 << count) - 1)
    return None if end is None else _path(end)


def _keep(layers: list[dict[int, _State]], state: _State) -> None:
    layer = layers[state.done.bit_count()]
    known = layer.get(state.done)
    if known is None or state.peak < known.peak:
        layer[state.done] = state


def _forced(block: Block, readers: Sequence[Sequence[int]], state: _State, candidates: int) -> _State:
    """Run all candidates that leave no more alive than before and do not raise the peak, and what they touch.

    No order gains by waiting with such an op: whatever runs before it would find as much alive, or less.
    """
    while candidates & state.ready:
        i = (candidates & state.ready).bit_length() - 1
        candidates ^= 1 << i
        after = _run(block, readers, state, i)
        if after.live <= state.live and after.peak <= state.peak:
            state = after
            candidates |= _touched(block, readers, state)
    return state


def _touched(block: Block, readers: Sequence[Sequence[int]], state: _State) -> int:
    """The ops that the last op lets run, or leaves as the last ones to use a buffer."""
    found = 0
    for j in readers[state.op]:
        found |= 1 << j
    for users, _ in block.frees[state.op]:
        left = users & ~state.done
        if not left & (left - 1):
            found |= left
    return found


def _run(block: Block, readers: Sequence[Sequence[int]], state: _State, i: int) -> _State:
    done = state.done | 1 << i
    ready = state.ready & ~(1 << i)
    for j in readers[i]:
        if not block.needs[j] & ~done:
            ready |= 1 << j
    live = state.live + block.makes[i]
    peak = max(state.peak, live + block.extra[i])
    for users, size in block.frees[i]:
        if not users & ~done:
            live -= size
    return _State(done, ready, live, peak, i, state)


def _bits(members: int) -> Iterator[int]:
    while members:
        low = members & -members
        yield low.bit_length() - 1
        members ^= low


def _path(end: _State) -> list[int]:
    order = []
    at: _State | None = end
    while at is not None and at.op >= 0:
        order.append(at.op)
        at = at.before
    return order[::-1]
