"""The order that `std::sort` of GNU's C++ library gives: it is not stable, and a plan hangs on what becomes of ties.

LiteRT's package for Linux is built against it; another library's order may differ where sizes are equal. The algorithm
is Musser's introsort (Software: Practice and Experience 27(8), 1997): quicksort by the median of three down to runs of
16, heapsort where that goes too deep, insertion at the end. The steps are those of libstdc++, `bits/stl_algo.h` and
`bits/stl_heap.h`.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["introsorted"]

_RUN = 16
"""Elements that are left to the insertion at the end."""


def introsorted(keys: Sequence[int]) -> list[int]:
    """The indices of the keys in the order in which they come to stand. O(n log n)."""
    order = list(range(len(keys)))
    parts = [(0, len(order), 2 * (len(order).bit_length() - 1))]
    while parts:
        low, high, depth = parts.pop()
        while high - low > _RUN:
            if depth == 0:
                order[low:high] = _heapsorted(keys, order[low:high])
                break
            depth -= 1
            cut = _partition(keys, order, low, high)
            parts.append((cut, high, depth))
            high = cut
    for i, index in enumerate(order):
        _insert(keys, order, i, index)
    return order


def _partition(keys: Sequence[int], order: list[int], low: int, high: int) -> int:
    """Put what is less than the pivot, the median of three, before the rest; where the rest begins."""
    first, middle, last = low + 1, low + (high - low) // 2, high - 1
    less, more = (first, middle) if keys[order[first]] < keys[order[middle]] else (middle, first)
    third = keys[order[last]]
    pivot = more if keys[order[more]] < third else last if keys[order[less]] < third else less
    order[low], order[pivot] = order[pivot], order[low]
    bound = keys[order[low]]
    left, right = low + 1, high
    while True:
        while keys[order[left]] < bound:
            left += 1
        right -= 1
        while bound < keys[order[right]]:
            right -= 1
        if left >= right:
            return left
        order[left], order[right] = order[right], order[left]
        left += 1


def _insert(keys: Sequence[int], order: list[int], at: int, index: int) -> None:
    """Move an element down behind the last one before it that is not greater."""
    key = keys[index]
    while at and key < keys[order[at - 1]]:
        order[at] = order[at - 1]
        at -= 1
    order[at] = index


def _heapsorted(keys: Sequence[int], part: list[int]) -> list[int]:
    for parent in range(len(part) // 2 - 1, -1, -1):
        _sift(keys, part, parent, len(part), part[parent])
    for end in range(len(part) - 1, 0, -1):
        index, part[end] = part[end], part[0]
        _sift(keys, part, 0, end, index)
    return part


def _sift(keys: Sequence[int], heap: list[int], hole: int, size: int, index: int) -> None:
    """Let the hole sink to a leaf along the greater children, then the element rise from there to its place."""
    top = hole
    while 2 * hole + 2 < size:
        child = 2 * hole + 2
        if keys[heap[child]] < keys[heap[child - 1]]:
            child -= 1
        heap[hole], hole = heap[child], child
    if 2 * hole + 2 == size:
        heap[hole], hole = heap[size - 1], size - 1
    while hole > top and keys[heap[(hole - 1) // 2]] < keys[index]:
        heap[hole], hole = heap[(hole - 1) // 2], (hole - 1) // 2
    heap[hole] = index
