"""The split to show beside all on the device and all in the cloud: the cheapest that is neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.splitting.fitting import Fitted, cheapest_fitting
from edgeplan.splitting.prefix import prefix_costs
from edgeplan.splitting.pricing import Bill
from edgeplan.splitting.problem import INPUT, Prices
from edgeplan.splitting.refusals import memory_limit, refused
from edgeplan.splitting.setting import Setting
from edgeplan.splitting.sweeping import cheapest_by_weighing
from edgeplan.units import count, say_percent

__all__ = ["Found", "search"]

Array = NDArray[Any]

_TIE = 1e-6
"""What latency counts for where something else is made small: of ways that cost the same the faster one is taken."""

_PLANNED = 4
"""Splits of which both halves are planned, so that the best as planned is taken and not the best by the sum over ops.
"""

_LARGE = 5000
"""Ops from which one is: planning takes far longer than cutting."""

_CLOSE = 1.25
"""How much more than the best by the sum a split may take to be planned."""

_LOOKS = 32
"""Splits that are looked at, most of which may need too much memory."""


@dataclass(frozen=True, slots=True)
class Found:
    """Splits [ops] that are neither all on the device nor all in the cloud, the cheapest by the sum over ops first, and
    how sure that is.
    """

    splits: tuple[Array, ...]
    certified: str


def search(setting: Setting, bill: Bill) -> Found:
    """The cheapest splits by a bill that are allowed."""
    if setting.cutter.conflict is not None:
        return Found((), _conflict(setting))
    prices = _with_tie(setting, bill)
    blocks = setting.cutter.problem.ops
    cut = setting.cutter.cut(prices)
    masks = [setting.ops_of(cut.device)]
    limit, fitted = memory_limit(setting), None
    least = count(blocks, "block") if blocks < len(setting.wiring.ops) else count(blocks, "op")
    if limit is not None and setting.device.peak(masks[0]) > limit:
        fitted = _fitted(setting, prices, limit)
        masks = [setting.ops_of(fitted.device)] if fitted is not None else []
        certified = _said(fitted, least)
    else:
        line = prefix_costs(setting.cutter.problem, prices).min()
        gain = 1 - cut.cost / line if line > 0 else 0.0
        beside = (
            f"{say_percent(gain)} below the best cut of the line they run in"
            if gain > 5e-4
            else "as good as any prefix"
        )
        certified = f"the least cut of {least}, {beside}"
    large = len(setting.wiring.ops) >= _LARGE
    if fitted is None or not large:  # those that fit were looked at
        masks += _prefixes(setting, prices)
    if setting.question.latency is not None:
        masks += cheapest_by_weighing(setting, [setting.latency, bill])
    ranked = sorted((_rank(setting, bill, mask), i) for i, mask in enumerate(masks))
    proper: dict[bytes, Array] = {}
    first, looks = np.inf, 0
    wanted = 1 if large else _PLANNED
    for (_, total), i in ranked:
        mask = masks[i]
        if not np.isfinite(total) or mask.all() or not mask.any():
            continue
        dear = total > _CLOSE * first and setting.question.latency is None
        if dear or len(proper) >= wanted or looks >= _LOOKS:
            break
        looks += 1
        if not refused(setting, mask):
            proper.setdefault(np.packbits(mask).tobytes(), mask)
            first = min(first, total)
    return Found(tuple(proper.values()), certified)


def _fitted(setting: Setting, prices: Prices, limit: int) -> Fitted | None:
    return cheapest_fitting(
        setting.cutter, prices, _weights(setting), limit, lambda device: setting.device.peak(setting.ops_of(device))
    )


def _said(fitted: Fitted | None, least: str) -> str:
    """How sure it is that no other split that fits is cheaper."""
    if fitted is None:
        return f"no cut of the {least} was found that fits the device's memory"
    over = fitted.cost / fitted.bound - 1 if fitted.bound > 0 else float("inf")
    sure = f"within {say_percent(over)} of the least for its weights" if over < 1 else "the least that was found"
    return f"a cut of {least} that fits the device's memory, {sure}"


def _rank(setting: Setting, bill: Bill, mask: Array) -> tuple[bool, float]:
    """What a split is ordered by: those in the budget of latency first, by the bill, then the others by latency."""
    latency, budget = setting.total(setting.latency, mask), setting.question.latency
    late = budget is not None and latency > budget
    return late, latency if late else setting.total(bill, mask) + _TIE * latency


def _with_tie(setting: Setting, bill: Bill) -> Prices:
    """The prices of blocks, latency counting among ways that cost the same."""
    prices = bill.at(setting.x)
    if bill is not setting.latency:
        latency = setting.latency.at(setting.x)
        mine, its = (float(p.here.sum() + p.there.sum()) for p in (prices, latency))
        prices = prices + latency * (_TIE * (mine / its if mine and its else 1.0))
    return setting.blocks(prices)


def _prefixes(setting: Setting, prices: Prices) -> list[Array]:
    """The cheapest cuts of the line that leave something to either side."""
    blocks = np.arange(setting.cutter.problem.ops)
    costs = prefix_costs(setting.cutter.problem, prices)
    best = np.argsort(costs, kind="stable")[: 2 * _PLANNED].tolist()
    return [setting.ops_of(blocks < k) for k in best if np.isfinite(costs[k])]


def _weights(setting: Setting) -> Array:
    """Bytes [blocks] of weights as the device is planned to hold them."""
    held = setting.device.weights
    memory = setting.device.plan.memory
    scale = min(memory.weights, memory.peak.likely) / held.sum() if held.sum() else 1.0
    missing = np.zeros(setting.problem.ops - len(held))
    found: Array = np.bincount(setting.block, np.append(held * min(scale, 1.0), missing))
    return found


def _conflict(setting: Setting) -> str:
    """Why no split at all is allowed."""
    conflict, wiring = setting.cutter.conflict, setting.wiring
    assert conflict is not None
    ops = len(wiring.ops)

    def name(op: int) -> str:
        return repr(wiring.graph.ops[wiring.ops[op]].name) if 0 <= op < ops else "what needs the results"

    must, problem = conflict.device, setting.problem
    if must != conflict.cloud:
        return f"{name(conflict.cloud)} has to be in the cloud, and with it {name(must)}, which has to be on the device"
    if not problem.there[must]:
        return f"neither side is known to run {name(must)}"
    read = problem.tensor[problem.reader == must].tolist()
    kept = next(t for t in read if problem.maker[t] == INPUT and not problem.sendable[t])
    return f"only the cloud is known to run {name(must)}, and {wiring.tensors[kept]!r}, which that reads, is not sent"
