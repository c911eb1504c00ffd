"""Cutting the line in which the ops run: the first so many on the device, the rest in the cloud.

One pass over ops and tensors. Chains have no other splits; of other graphs the best prefix is an upper bound of the
least cut, and what can be shown and read: where along the model the cost falls and rises.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.splitting.problem import INPUT, Prices, Problem

__all__ = ["least_prefix", "prefix_costs", "sent_at"]

Array = NDArray[Any]


def prefix_costs(problem: Problem, prices: Prices) -> Array:
    """What it costs [ops + 1] to have the first k ops on the device; infinite where that is not allowed."""
    n = problem.ops
    costs = np.concatenate(([0.0], np.cumsum(prices.here)))
    costs += np.concatenate((np.cumsum(prices.there[::-1])[::-1], [0.0]))
    costs += sent_at(problem, prices.send)
    blocked = sent_at(problem, ~problem.sendable)
    blocked += np.concatenate(([0], np.cumsum(~problem.here)))
    blocked += np.concatenate((np.cumsum(~problem.there[::-1])[::-1], [0]))
    costs[: n + 1][blocked > 0.5] = np.inf
    return costs


def sent_at(problem: Problem, of_tensor: Array) -> Array:
    """The sum [ops + 1] over the tensors sent at each place: made before it, read behind it."""
    last = np.full(len(problem.maker), INPUT, np.int64)
    np.maximum.at(last, problem.tensor, problem.reader)
    read = last > problem.maker
    change = np.zeros(problem.ops + 2)
    np.add.at(change, problem.maker[read] + 1, of_tensor[read].astype(float))
    np.add.at(change, last[read] + 1, -of_tensor[read].astype(float))
    found: Array = np.cumsum(change)[:-1]
    return found


def least_prefix(problem: Problem, prices: Prices) -> Array | None:
    """The ops [ops] of the cheapest prefix that is allowed; None where none is."""
    costs = prefix_costs(problem, prices)
    at = int(np.argmin(costs))
    return np.arange(problem.ops) < at if np.isfinite(costs[at]) else None
