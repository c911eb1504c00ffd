"""What constraints leave no choice about: the ops that only the device can have, and those that only the cloud can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.splitting.problem import INPUT, Problem

__all__ = ["Conflict", "Forced", "forced", "with_followers", "with_makers"]

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Forced:
    """Ops [ops] that every allowed split has on the device, and in the cloud."""

    device: Array
    cloud: Array


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why no split is allowed: the op `cloud` has to be in the cloud, and with it `device`, which has to be here.

    They are one op where neither side may have it, or it is for the cloud and reads an input that may not be sent.
    """

    device: int
    cloud: int


def forced(problem: Problem) -> Forced | Conflict:
    """What every allowed split has in common, or why there is none. Linear.

    An op goes where its readers or makers force it: what the device runs needs all it reads on the device, what the
    cloud has made stays there, and a tensor that may not be sent keeps its maker and readers together.
    """
    makers = problem.maker.tolist()
    reads: list[list[int]] = [[] for _ in range(problem.ops)]
    readers: list[list[int]] = [[] for _ in makers]
    for tensor, op in zip(problem.tensor.tolist(), problem.reader.tolist(), strict=True):
        reads[op].append(tensor)
        readers[tensor].append(op)
    made: list[list[int]] = [[] for _ in range(problem.ops)]
    for tensor, maker in enumerate(makers):
        if maker != INPUT:
            made[maker].append(tensor)
    kept: list[bool] = (~problem.sendable).tolist()

    def makers_of(op: int, tensors: Callable[[int], bool]) -> list[int]:
        return [makers[t] for t in reads[op] if makers[t] != INPUT and tensors(t)]

    def readers_of(op: int, tensors: Callable[[int], bool]) -> list[int]:
        return [r for t in made[op] if tensors(t) for r in readers[t]]

    def stays(tensor: int) -> bool:
        return kept[tensor]

    given = [r for t, maker in enumerate(makers) if maker == INPUT and kept[t] for r in readers[t]]
    device = _spread(
        [*np.flatnonzero(~problem.there).tolist(), *given],
        lambda op: [*makers_of(op, _any), *readers_of(op, stays)],
        problem.ops,
    )
    cloud = _spread(
        np.flatnonzero(~problem.here).tolist(),
        lambda op: [*readers_of(op, _any), *makers_of(op, stays)],
        problem.ops,
    )
    both = next((i for i in range(problem.ops) if device[i] >= 0 and cloud[i] >= 0), None)
    if both is not None:
        return Conflict(device[both], cloud[both])
    return Forced(np.asarray(device) >= 0, np.asarray(cloud) >= 0)


def with_followers(problem: Problem, ops: Array) -> Array:
    """Some ops [ops] and all that follow from what they make: what the cloud has when it has these."""
    return _alone(problem, here=~ops).cloud


def with_makers(problem: Problem, ops: Array) -> Array:
    """Some ops [ops] and all that they need: what the device has when it has these."""
    return _alone(problem, there=~ops).device


def _alone(problem: Problem, *, here: Array | None = None, there: Array | None = None) -> Forced:
    """What some ops force when nothing else is held."""
    free = np.ones(problem.ops, bool)
    sendable = np.ones(len(problem.maker), bool)
    found = forced(
        replace(
            problem,
            here=free if here is None else here,
            there=free if there is None else there,
            sendable=sendable,
        )
    )
    assert isinstance(found, Forced)  # there is nothing to contradict
    return found


def _any(tensor: int) -> bool:
    return True


def _spread(starts: Sequence[int], onward: Callable[[int], Sequence[int]], ops: int) -> list[int]:
    """By op, the one of the starts that leads to it by whatever follows `onward`; -1 where none does."""
    why = [-1] * ops
    work = [(op, op) for op in starts]
    while work:
        op, cause = work.pop()
        if why[op] < 0:
            why[op] = cause
            work += [(other, cause) for other in onward(op)]
    return why
