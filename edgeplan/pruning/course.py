"""The order in which units go: step by step the one that loses least for what it saves, down to every group's floor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import ceil, gcd, inf, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.pruning.prices import Prices
from edgeplan.pruning.structure import Group, Structure

__all__ = ["Course", "Ladder", "ladder", "saved"]

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Ladder:
    """The widths a group may have, in units, from all of them down to its floor, and the units by their rank.

    `left[i]` is the part of the group's score, 0 to 1, that the i best units hold.
    """

    rungs: tuple[int, ...]
    ranked: NDArray[Any]
    left: Scores


def ladder(group: Group, scores: Scores | None, multiple: int, floor: float, frozen: bool) -> Ladder:
    """The rungs of a group: widths that are multiples of `multiple` channels, and not below `floor` of its own.

    A group whose units are wider than one channel keeps whole units; one that is narrower than the multiple stays.
    """
    count = len(group.units)
    step = multiple // gcd(multiple, group.per_unit)
    least = max(1, ceil(floor * count))
    rungs = [count]
    if not frozen and count > step:
        below = range((count - 1) // step * step, 0, -step)
        rungs += [n for n in below if n >= least]
    points = np.ones(count) if scores is None else np.maximum(np.asarray(scores, np.float64), 0)
    order = np.argsort(-points, kind="stable")
    total = float(points.sum())
    shares = points[order] / total if total > 0 else np.full(count, 1 / count)
    return Ladder(tuple(rungs), group.units[order], np.concatenate([[0.0], np.cumsum(shares)]))


class Course:
    """A walk down the ladders of all groups. `steps` is the group that each step narrows by one rung."""

    def __init__(self, structure: Structure, ladders: Sequence[Ladder], prices: Prices) -> None:
        self._structure = structure
        self._ladders = ladders
        self._prices = prices
        self._at = [0] * len(ladders)
        self._sizes: dict[str, list[float]] = {}
        self._members = _members(structure, prices)
        self._weight = [
            max(1, sum(len(structure.graph.values[a.weight].shape or ()) > 1 for a in g.axes)) for g in structure.groups
        ]
        for name in {v for members in self._members for v, _ in members}:
            self._sizes[name] = [
                float(s) if isinstance(s, int) else 1.0 for s in structure.graph.values[name].shape or ()
            ]
        self.steps = tuple(self._walk())

    def kept(self, taken: int) -> NDArray[np.bool_]:
        """The choice after the first so many steps."""
        at = [0] * len(self._ladders)
        for g in self.steps[:taken]:
            at[g] += 1
        return self._structure.without(
            {g: lad.ranked[: lad.rungs[at[g]]] for g, lad in enumerate(self._ladders) if at[g]}
        )

    def _walk(self) -> list[int]:
        """Groups by what they lose for what they save, each priced anew at its turn: its neighbours got narrower."""
        heap = [(self._worth(g), g) for g in range(len(self._ladders)) if len(self._ladders[g].rungs) > 1]
        heapify(heap)
        found: list[int] = []
        while heap:
            _, g = heappop(heap)
            worth = self._worth(g)
            if heap and worth > heap[0][0]:
                heappush(heap, (worth, g))
                continue
            self._take(g)
            found.append(g)
            if self._at[g] + 1 < len(self._ladders[g].rungs):
                heappush(heap, (self._worth(g), g))
        return found

    def _worth(self, g: int) -> float:
        """The loss of a group's next step over what it saves; infinite where it saves nothing.

        The loss is the logarithm of the part of its score that is kept, once for every pair of layers it lies between:
        so the last channels of a layer are dear, and no layer goes before the others.
        """
        lad = self._ladders[g]
        now, then = lad.rungs[self._at[g]], lad.rungs[self._at[g] + 1]
        gain = self._gain(g, now - then)
        lost = log(max(lad.left[now], 1e-12) / max(lad.left[then], 1e-12)) * self._weight[g] / 2
        return lost / gain if gain > 0 else inf

    def _gain(self, g: int, units: int) -> float:
        total = 0.0
        for name, axes in self._members[g]:
            sizes = self._sizes[name]
            before = after = 1.0
            for size in sizes:
                before *= size
            for axis, indices in axes:
                after *= max(sizes[axis] - units * indices, 0.0) / sizes[axis]
            total += self._prices[name] * before * (1 - after)
        return total

    def _take(self, g: int) -> None:
        lad = self._ladders[g]
        units = lad.rungs[self._at[g]] - lad.rungs[self._at[g] + 1]
        self._at[g] += 1
        for name, axes in self._members[g]:
            for axis, indices in axes:
                self._sizes[name][axis] -= units * indices


def _members(structure: Structure, prices: Prices) -> list[list[tuple[str, list[tuple[int, float]]]]]:
    """For every group the priced values it lies in, with the axes there and how many indices of each a unit takes."""
    owner = np.full(structure.atoms, -1, np.int64)
    for g, group in enumerate(structure.groups):
        owner[group.units] = g
    found: list[list[tuple[str, list[tuple[int, float]]]]] = [[] for _ in structure.groups]
    for name, axes in structure.axes.items():
        if not prices.get(name):
            continue
        mine: dict[int, list[tuple[int, float]]] = {}
        for axis, labels in axes.items():
            groups, counts = np.unique(owner[labels], return_counts=True)
            for g, n in zip(groups.tolist(), counts.tolist(), strict=True):
                if g >= 0:
                    mine.setdefault(g, []).append((axis, n / len(structure.groups[g].units)))
        for g, where in mine.items():
            found[g].append((name, where))
    return found


def saved(structure: Structure, choice: NDArray[np.bool_], prices: Prices) -> list[float]:
    """What every group saves: what the rest would cost more if it alone were as wide as before."""
    sizes: dict[str, list[float]] = {}
    for name, axes in structure.axes.items():
        if prices.get(name):
            shape = structure.graph.values[name].shape or ()
            sizes[name] = [
                float(choice[axes[a]].sum()) if a in axes else float(s) if isinstance(s, int) else 1.0
                for a, s in enumerate(shape)
            ]
    found = []
    for group, members in zip(structure.groups, _members(structure, prices), strict=True):
        gone = len(group.units) - int(choice[group.units].sum())
        total = 0.0
        for name, where in members:
            now = then = prices[name]
            for axis, size in enumerate(sizes[name]):
                more = sum(n for a, n in where if a == axis) * gone
                now, then = now * size, then * (size + more)
            total += then - now
        found.append(total)
    return found
