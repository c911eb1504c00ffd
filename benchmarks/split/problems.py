"""Problems of cutting that are drawn at random, and the answer to small ones by looking at every split there is."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.splitting.problem import INPUT, Prices, Problem, problem_of

__all__ = ["a_problem", "a_wide_problem", "every_split", "plain_costs"]

Array = NDArray[Any]


def a_problem(rng: random.Random, most: int = 12, constrained: bool = False) -> tuple[Problem, Prices]:
    """Up to `most` ops in a random graph: tensors that several read, ops slower in the cloud, maybe constraints."""
    ops = rng.randint(1, most)
    tensors = [(INPUT, [r for r in range(ops) if r == 0 or rng.random() < 0.2]) for _ in range(rng.randint(1, 2))]
    for maker in range(ops):
        for _ in range(1 if rng.random() < 0.85 else 2):
            readers = [r for r in range(maker + 1, ops) if rng.random() < 1.5 / (r - maker + 1)]
            tensors.append((maker, readers))

    def allowed(share: float, size: int) -> list[bool]:
        return [not (constrained and rng.random() < share) for _ in range(size)]

    problem = problem_of(
        ops, tensors, here=allowed(0.08, ops), there=allowed(0.08, ops), sendable=allowed(0.15, len(tensors))
    )
    scale = 10 ** rng.uniform(-6, 3)
    here = [rng.choice([0, rng.uniform(0.1, 40)]) * scale for _ in range(ops)]
    there = [rng.uniform(0.1, 10) * scale if rng.random() < 0.7 else rng.uniform(20, 80) * scale for _ in range(ops)]
    send = [rng.choice([0.8, 16, 120, 0]) * rng.uniform(0.5, 2) * scale for _ in tensors]
    return problem, Prices(np.array(here), np.array(there), np.array(send))


def a_wide_problem(rng: random.Random, ops: int) -> tuple[Problem, Prices, Prices]:
    """A long network of blocks with branches and skips, that gets narrower: prices as `fixed + per x`.

    A tenth of the ops is slower in the cloud.
    """
    tensors: list[tuple[int, list[int]]] = [(INPUT, [0])]
    for op in range(ops):
        readers = [op + 1] if op + 1 < ops else []
        if rng.random() < 0.3:
            readers.append(min(ops - 1, op + rng.randint(2, 30)))
        tensors.append((op, [r for r in readers if r > op]))
    here = np.array([rng.uniform(1e-5, 4e-4) for _ in range(ops)])
    slow = np.array([rng.random() < 0.1 for _ in range(ops)])
    there = np.where(slow, 2 * here, here / np.array([rng.uniform(3, 10) for _ in range(ops)]))
    size = [8 * 150528.0]
    size += [
        8 * rng.choice([1e3, 2e4, 1.5e5, 8e5]) * rng.uniform(0.5, 2) * max(0.02, 1 - op / ops) for op in range(ops)
    ]
    none = np.zeros(ops)
    problem = problem_of(ops, tensors)
    return problem, Prices(here, there, np.zeros(ops + 1)), Prices(none, none, np.array(size))


def every_split(ops: int) -> Array:
    """Every mask [2^ops, ops] of ops on the device."""
    return (np.arange(1 << ops)[:, None] >> np.arange(ops)) & 1 == 1


def plain_costs(problem: Problem, prices: Prices, splits: Array) -> Array:
    """What some splits [n, ops] cost [n], op by op and tensor by tensor as the words say; else infinite."""
    total = np.zeros(len(splits))
    for op in range(problem.ops):
        device = splits[:, op]
        total += np.where(device, prices.here[op], prices.there[op])
        total[device & ~problem.here[op]] = np.inf
        total[~device & ~problem.there[op]] = np.inf
    for tensor, maker in enumerate(problem.maker.tolist()):
        readers = problem.reader[problem.tensor == tensor]
        made_here = np.ones(len(splits), bool) if maker == INPUT else splits[:, maker]
        total[~made_here & splits[:, readers].any(axis=1)] = np.inf
        sent = made_here & (~splits[:, readers]).any(axis=1)
        total[sent] += prices.send[tensor] if problem.sendable[tensor] else np.inf
    return total
