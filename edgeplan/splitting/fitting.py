"""The cheapest split whose part on the device fits its memory.

A least cut knows no budgets: with one the problem is as hard as packing. So weights on the device get a price a byte,
raised until the part that the cut leaves there fits as planned; each price is one cut, and each also says what no split
with so many bytes of weights can cost less than (a Lagrangian bound). Prefixes that fit are looked at as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.splitting.mincut import Cutter
from edgeplan.splitting.prefix import prefix_costs
from edgeplan.splitting.problem import Prices, cost_of

__all__ = ["Fitted", "cheapest_fitting"]

Array = NDArray[Any]

_STEPS = 24
"""Prices that are tried: each halves what is open of the right one."""

_PREFIXES = 8
"""Cheapest prefixes that are planned to see whether they fit."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A split by the blocks on the device, what it costs, and what every split that fits costs at least."""

    device: Array
    cost: float
    bound: float


def cheapest_fitting(
    cutter: Cutter, prices: Prices, weights: Array, limit: float, need: Callable[[Array], float]
) -> Fitted | None:
    """The cheapest split found whose device part needs no more than `limit` bytes; None where not even the smallest
    does.

    `weights` [ops] are the bytes of weights that an op holds, `need` tells what a part takes, of which its weights are
    a part: it is asked a few dozen times.
    """
    problem = cutter.problem
    best: Fitted | None = None
    bound = 0.0

    def look(device: Array) -> bool:
        nonlocal best
        fits = need(device) <= limit
        cost = cost_of(problem, prices, device)
        if fits and (best is None or cost < best.cost):
            best = Fitted(device, cost, 0.0)
        return fits

    def at(price: float) -> Array:
        nonlocal bound
        cut = cutter.cut(Prices(prices.here + price * weights, prices.there, prices.send))
        bound = max(bound, cut.cost - price * limit)
        return cut.device

    if look(at(0.0)):
        assert best is not None
        return Fitted(best.device, best.cost, best.cost)
    low, high = 0.0, 1e-15 * (float(prices.here.sum() + prices.there.sum() + prices.send.sum()) + 1e-12)
    for _ in range(_STEPS * 2):  # any price that is high enough
        if look(at(high)):
            break
        low, high = high, high * 16
    for _ in range(_STEPS):
        if high - low <= 1e-3 * high:
            break
        middle = (low * high) ** 0.5 if low else high / 16
        if look(at(middle)):
            high = middle
        else:
            low = middle
    costs = prefix_costs(problem, prices)
    longest = _longest(problem.ops, lambda k: need(np.arange(problem.ops) < k) <= limit)
    for k in np.argsort(costs[: longest + 1])[:_PREFIXES].tolist():
        if np.isfinite(costs[k]) and (best is None or costs[k] < best.cost):
            look(np.arange(problem.ops) < k)
    return Fitted(best.device, best.cost, min(bound, best.cost)) if best is not None else None


def _longest(ops: int, fits: Callable[[int], bool]) -> int:
    """The longest prefix that fits, as far as longer ones need more, which activations do not always heed.

    In steps of a 256th of many ops: asking takes as long as planning.
    """
    low, high = 0, ops
    while high - low > ops // 256:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low
