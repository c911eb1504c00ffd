"""Places along the model with what cutting there takes: the explanation of where the best cut is."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.splitting.prefix import prefix_costs, sent_at
from edgeplan.splitting.setting import Setting
from edgeplan.splitting.split import Stop

__all__ = ["stops_of"]

Array = NDArray[Any]

_MOST = 60
"""Stops that are told: of more, the cheapest of each stretch of the model."""


def stops_of(setting: Setting) -> tuple[Stop, ...]:
    """What a run takes with the first ops on the device and the rest in the cloud, along the line in which they run."""
    problem, bill = setting.cutter.problem, setting.latency
    needed_there = setting.problem.ops > len(setting.wiring.ops)
    seconds = prefix_costs(problem, setting.blocks(bill.at(setting.x)))
    seconds[1:] += bill.device
    if needed_there:
        seconds = seconds[:-1]  # who needs the result there is in the cloud
        seconds[-1] += bill.link
    seconds[:-1] += bill.link + bill.cloud
    computed = setting.blocks(bill.fixed)
    device = np.concatenate(([0.0], np.cumsum(computed.here) + bill.device))
    cloud = np.concatenate((np.cumsum(computed.there[::-1])[::-1], [0.0]))
    sent = sent_at(problem, np.maximum(setting.link.sent, 0))
    names, ops = _last_ops(setting)
    return tuple(
        Stop(names[k], ops[k], round(float(sent[k])), float(seconds[k]), float(device[k]), float(cloud[k]))
        for k in _telling(seconds)
    )


def _last_ops(setting: Setting) -> tuple[list[str], list[int]]:
    """By stop, the last op on the device, and how many there are."""
    wiring, block = setting.wiring, setting.block
    last: list[str] = [""] * (setting.cutter.problem.ops + 1)
    sizes = np.zeros(setting.cutter.problem.ops + 1, np.int64)
    for at, i in enumerate(wiring.ops):
        last[int(block[at]) + 1] = wiring.graph.ops[i].name
        sizes[int(block[at]) + 1] += 1
    for k in range(1, len(last)):
        last[k] = last[k] or last[k - 1]
    return last, np.cumsum(sizes).tolist()


def _telling(seconds: Array) -> list[int]:
    """The ends, and of as many stretches as are told the cheapest stop."""
    n = len(seconds)
    if n <= _MOST:
        return list(range(n))
    edges = np.linspace(1, n - 1, _MOST - 1).astype(int)
    inner = [int(a + np.argmin(seconds[a:b])) for a, b in pairwise(edges) if b > a]
    return [0, *inner, n - 1]
