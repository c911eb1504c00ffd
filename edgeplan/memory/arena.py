"""Offsets for buffers in one arena, and how close to the bound they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from edgeplan.memory.climb import climb
from edgeplan.memory.free_list import in_time
from edgeplan.memory.greedy import Fit, by_breadth, by_size, place
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.live import lower_bound

__all__ = ["Arena", "arena_of", "arrange", "pack"]

_GAPS = 2_000_000
"""Spans a greedy plan may look at, about half a second."""
_MANY = 20_000
"""Buffers beyond which only one greedy plan is made."""
_LOOKS = 400_000
"""Pairs of buffers that hill climbing may look at, about a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Arena:
    """A plan: `offsets[i]` bytes for `buffers[i]`. `bound` is the largest live set; `size` is never below it."""

    buffers: tuple[Buffer, ...]
    offsets: tuple[int, ...]
    size: int
    bound: int
    method: str
    peak_step: int


def arena_of(buffers: Sequence[Buffer], offsets: Sequence[int], steps: int, method: str) -> Arena:
    """The arena that given offsets make, its size the end of the topmost buffer."""
    bound, peak = lower_bound(buffers, steps)
    return Arena(tuple(buffers), tuple(offsets), _end(buffers, offsets), bound, method, peak)


def arrange(
    buffers: Sequence[Buffer],
    order: Iterable[int],
    steps: int,
    method: str,
    *,
    fit: Fit = "best",
    alignment: int = 1,
) -> Arena:
    """Place buffers one by one in an order of their indices, each index once.

    Each goes into a gap between those already placed that live at the same time, else on top of them, at a multiple of
    `alignment` bytes; sizes are taken as they are. Near-linear where most buffers live shortly.
    """
    return arena_of(buffers, place(buffers, order, fit, alignment) or (), steps, method)


def pack(buffers: Sequence[Buffer], steps: int) -> Arena:
    """The best of a few plans, each tried only while those before it miss the bound.

    Near-linear: a greedy plan that looks at too many gaps is given up, and so is hill climbing that takes too long.
    What is left then is the plan in the order of time, O(n log n) whatever the buffers.
    """
    bound, peak = lower_bound(buffers, steps)
    plans = ((_end(buffers, offsets), method, offsets) for method, offsets in _plans(buffers, steps, bound))
    size, method, offsets = next(plans)
    while size > bound:
        found = next(plans, None)
        if found is None:
            break
        if found[0] < size:
            size, method, offsets = found
    return Arena(tuple(buffers), tuple(offsets), size, bound, method, peak)


def _plans(buffers: Sequence[Buffer], steps: int, bound: int) -> Iterator[tuple[str, list[int]]]:
    largest_first = by_size(buffers)
    greedy = place(buffers, largest_first, budget=_GAPS)
    if greedy is not None:
        yield "greedy by size", greedy
    yield "in order of time", in_time(buffers, bound)
    if greedy is not None and len(buffers) <= _MANY:
        second = place(buffers, by_breadth(buffers, steps), budget=_GAPS)
        if second is not None:
            yield "greedy by breadth", second
    climbed = climb(buffers, largest_first, bound, _LOOKS)
    if climbed is not None:
        yield "hill climbing", climbed


def _end(buffers: Sequence[Buffer], offsets: Sequence[int]) -> int:
    return max((offset + b.size for b, offset in zip(buffers, offsets, strict=True)), default=0)
