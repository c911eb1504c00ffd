"""Which addresses are taken at any of a run of steps, as merged spans."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

__all__ = ["Occupied"]

_BITS = 4
_INSIDE = (1 << _BITS) - 1


class Occupied:
    """Addresses taken over `steps` steps, in two trees over the steps whose nodes hold spans, merged where they touch.

    What is taken at some step of a run is what is taken through its first one, having begun before, and what begins
    in it. A full plan has few spans, so taking and asking are O(log steps) apart from the spans they go through.
    """

    def __init__(self, steps: int) -> None:
        self._begun = _tree(steps)
        self._through = _tree(steps)

    def take(self, first: int, last: int, start: int, end: int) -> None:
        """Mark start..end as taken from the step `first` to the step `last`, both included."""
        node = first
        for nodes in self._begun:
            if not _merge(nodes[node], start, end):
                break  # a node that holds it has parents that do, too
            node >>= _BITS
        for borders in _cover(self._through, first + 1, last + 1):
            _merge(borders, start, end)

    def spans(self, first: int, last: int) -> list[tuple[int, int]]:
        """What is taken at some step of `first` to `last`, by address; spans of different nodes may overlap."""
        lists = _cover(self._begun, first, last + 1)
        node = first
        for nodes in self._through:
            lists.append(nodes[node])
            node >>= _BITS
        found: list[tuple[int, int]] = []
        for borders in lists:
            if len(borders) == 2:
                found.append((borders[0], borders[1]))
            elif borders:
                found += zip(borders[::2], borders[1::2], strict=True)
        found.sort()
        return found


def _tree(steps: int) -> list[list[list[int]]]:
    """An empty list of borders (start, end, start, end, ...) for each node, leaves first, the root last."""
    width = max(steps, 1)
    levels: list[list[list[int]]] = [[[] for _ in range(width)]]
    while width > 1:
        width = (width + _INSIDE) >> _BITS
        levels.append([[] for _ in range(width)])
    return levels


def _cover(tree: list[list[list[int]]], low: int, high: int) -> list[list[int]]:
    """The nodes that together are the steps from `low` up to, not including, `high`."""
    found: list[list[int]] = []
    for nodes in tree:
        while low < high and low & _INSIDE:
            found.append(nodes[low])
            low += 1
        while low < high and high & _INSIDE:
            high -= 1
            found.append(nodes[high])
        if low >= high:
            break
        low >>= _BITS
        high >>= _BITS
    return found


def _merge(borders: list[int], start: int, end: int) -> bool:
    """Add a span; False when it was there already. An odd place is inside a span, an even one between two."""
    i, j = bisect_left(borders, start), bisect_right(borders, end)
    if i & 1 and i == j:
        return False
    borders[i:j] = ([] if i & 1 else [start]) + ([] if j & 1 else [end])
    return True
