"""What is to be cut: ops, the tensors between them, where each may be, and what either side asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["INPUT", "Prices", "Problem", "cost_of", "crossing", "grouped", "made_here", "problem_of", "regrouped"]

Array = NDArray[Any]

INPUT = -1
"""The maker of a tensor that the device has to begin with."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Ops 0 to `ops` - 1 in an order in which they can run, and tensors with their `maker` [T] (an op, or `INPUT`).

    A read is a pair of a tensor and an op, `tensor` [R] and `reader` [R], each pair once. `here` [ops] says whether the
    device may run an op, `there` [ops] whether the cloud may, and `sendable` [T] whether a tensor may be sent up.
    """

    ops: int
    maker: Array
    tensor: Array
    reader: Array
    here: Array
    there: Array
    sendable: Array


@dataclass(frozen=True, slots=True)
class Prices:
    """What it costs to run each op on the device, `here` [ops], or in the cloud, `there` [ops], and to `send` [T] a
    tensor up, once for all who read it there. Not negative, of any one unit.

    They add up and scale, so that a cost with a factor in it (seconds by bytes) can be a sum of two.
    """

    here: Array
    there: Array
    send: Array

    def __add__(self, other: Prices) -> Prices:
        return Prices(self.here + other.here, self.there + other.there, self.send + other.send)

    def __mul__(self, factor: float) -> Prices:
        return Prices(self.here * factor, self.there * factor, self.send * factor)


def problem_of(
    ops: int,
    tensors: Iterable[tuple[int, Sequence[int]]],
    *,
    here: Sequence[bool] | Array | None = None,
    there: Sequence[bool] | Array | None = None,
    sendable: Sequence[bool] | Array | None = None,
) -> Problem:
    """The problem of so many ops and of tensors, each its maker and those who read it; None allows all.

    Raises `ValueError` where a reader does not come after the maker.
    """
    makers: list[int] = []
    tensor: list[int] = []
    reader: list[int] = []
    for at, (maker, readers) in enumerate(tensors):
        makers.append(maker)
        for op in dict.fromkeys(readers):
            if not maker < op < ops:
                raise ValueError(f"op {op} reads what op {maker} makes: ops come in the order they run")
            tensor.append(at)
            reader.append(op)

    def mask(given: Sequence[bool] | Array | None, size: int) -> Array:
        return np.ones(size, bool) if given is None else np.asarray(given, bool)

    return Problem(
        ops,
        np.asarray(makers, np.int64),
        np.asarray(tensor, np.int64),
        np.asarray(reader, np.int64),
        mask(here, ops),
        mask(there, ops),
        mask(sendable, len(makers)),
    )


def crossing(problem: Problem, device: Array) -> Array:
    """Which tensors [T] are sent up when the device runs the ops `device` [ops]: made or given here, read there."""
    read_there = np.zeros(len(problem.maker), bool)
    read_there[problem.tensor[~device[problem.reader]]] = True
    return read_there & made_here(problem, device)


def made_here(problem: Problem, device: Array) -> Array:
    """Which tensors [T] the device has when it runs the ops `device` [ops]: made there, or given."""
    given: Array = problem.maker == INPUT
    if not problem.ops:
        return given
    found: Array = given | device[np.where(given, 0, problem.maker)]
    return found


def cost_of(problem: Problem, prices: Prices, device: Array) -> float:
    """What a split costs: infinite where it is none, because something comes back from the cloud, or may not be."""
    back = ~made_here(problem, device)[problem.tensor] & device[problem.reader]
    sent = crossing(problem, device)
    wrong = back.any() or (device & ~problem.here).any() or (~device & ~problem.there).any()
    if wrong or (sent & ~problem.sendable).any():
        return float("inf")
    return float(prices.here[device].sum() + prices.there[~device].sum() + prices.send[sent].sum())


def grouped(problem: Problem, group: Array) -> Problem:
    """The problem whose ops are groups of ops, `group` [ops]: an op may be where all of its group may.

    Groups are numbered so that each comes after those it reads; what stays within a group is no tensor any more, and
    `maker` keeps the place of the others (a tensor that nothing else reads has no readers left).
    """
    count = int(group.max()) + 1 if len(group) else 0
    inside = problem.maker != INPUT
    maker = np.where(inside, group[np.where(inside, problem.maker, 0)], INPUT) if problem.ops else problem.maker
    reader = group[problem.reader]
    kept = maker[problem.tensor] != reader
    pairs = np.unique(problem.tensor[kept] * max(count, 1) + reader[kept])
    here, there = np.ones(count, bool), np.ones(count, bool)
    np.logical_and.at(here, group, problem.here)
    np.logical_and.at(there, group, problem.there)
    return Problem(count, maker, pairs // max(count, 1), pairs % max(count, 1), here, there, problem.sendable)


def regrouped(prices: Prices, group: Array) -> Prices:
    """The prices of groups of ops: the sums."""
    count = int(group.max()) + 1 if len(group) else 0

    def summed(of_ops: Array) -> Array:
        return np.bincount(group, of_ops, count)

    return Prices(summed(prices.here), summed(prices.there), prices.send)
