"""The order in which a `std::unordered_set<int>` of GNU's C++ library gives out its elements.

LiteRT keeps the tensors that come to be at an op in one, and what becomes of ties in its plan hangs on that order. An
element goes to the front of its bucket, a new bucket to the front of all; the steps are those of libstdc++,
`bits/hashtable.h` and `src/c++11/hashtable_c++0x.cc`.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["given_out"]

_BUCKETS = (13, 29, 59, 127, 257, 541, 1109, 2357, 5087, 10273, 20753, 42043, 85229, 172933)
"""How many there are before and after each time the set grows."""


def given_out(numbers: Iterable[int]) -> list[int]:
    """The elements in the order in which they are given out, when they were put in in this one, each once."""
    sizes = iter(_BUCKETS)
    count = next(sizes)
    buckets: dict[int, list[int]] = {}  # the newest last, as are the elements of each
    for held, number in enumerate(dict.fromkeys(numbers)):
        if held == count:
            count = next(sizes, 2 * count + 1)
            before, buckets = _order(buckets), {}
            for old in before:
                buckets.setdefault(old % count, []).append(old)
        buckets.setdefault(number % count, []).append(number)
    return _order(buckets)


def _order(buckets: dict[int, list[int]]) -> list[int]:
    return [number for bucket in reversed(buckets.values()) for number in reversed(bucket)]
