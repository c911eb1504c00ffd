"""Splits over a range: the best at every uplink, and what latency, energy and money trade for each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.splitting.lines import Line, cheapest_lines, envelope
from edgeplan.splitting.policy import Span
from edgeplan.splitting.pricing import Bill
from edgeplan.splitting.problem import Prices
from edgeplan.splitting.setting import Setting

__all__ = ["by_uplink", "cheapest_by_weighing", "line_by_sum"]

Array = NDArray[Any]

SLOWEST, FASTEST = 1e3, 1e11
"""Bits a second between which the uplink is looked at: slower and faster ones get the answer of these ends."""

_WEIGHTS = 1e-4, 1e4
"""How much more, or less, one cost may count than another on the curve, each in units of what is usual of it."""


def by_uplink(
    settings: Sequence[Setting], line_of: Callable[[Array], Line | None], known: Sequence[Array] = ()
) -> tuple[list[Span], list[Array]]:
    """The best split at every uplink, the downlink as much faster as it is: spans, and the masks [ops] of their ways.

    Splits are looked for in every setting of the model, beside those `known` [ops]; `line_of` says what one takes over
    the time of a bit, None where it is not allowed.
    """
    low, high = 1 / FASTEST, 1 / SLOWEST
    masks: list[Array] = list(known)
    for setting in settings:
        bill = setting.objective if setting.question.objective != "cost" else setting.latency
        if setting.cutter.conflict is None and not isinstance(bill, str):
            found = cheapest_lines(setting.cutter, setting.blocks(bill.fixed), setting.blocks(bill.per), low, high)
            masks += [setting.ops_of(line.device) for line in found]
    lines = [line for mask in _with_ends(masks, settings[0]) if (line := line_of(mask)) is not None]
    if not lines:
        return [], []
    stretches = envelope(lines, low, high)[::-1]  # x is the time a bit takes: the slowest links come last
    spans = [
        Span(0.0 if at == 0 else 1 / s.high, np.inf if at == len(stretches) - 1 else 1 / s.low, at)
        for at, s in enumerate(stretches)
    ]
    return spans, [s.line.device for s in stretches]


def _with_ends(masks: Sequence[Array], setting: Setting) -> list[Array]:
    """Each split once, with all on the device and all in the cloud."""
    ops = len(setting.wiring.ops)
    return _distinct([*masks, np.ones(ops, bool), np.zeros(ops, bool)])


def line_by_sum(setting: Setting, bill: Bill, ops: Array) -> Line | None:
    """What a split takes over the time of a bit, by the sum over ops; None where it is not allowed."""
    at = [setting.summed(prices, ops) for prices in (bill.fixed, bill.per)]
    if not np.isfinite(at).all():
        return None
    return Line(at[0] + bill.once(ops, setting.offloads(ops)), at[1], ops)


def cheapest_by_weighing(setting: Setting, bills: Sequence[Bill]) -> list[Array]:
    """The splits [ops] that are best at some weighing of the first bill against one of the others."""
    if setting.cutter.conflict is not None:
        return []
    first = setting.blocks(bills[0].at(setting.x))
    masks: list[Array] = []
    for other in bills[1:]:
        second = setting.blocks(other.at(setting.x))
        ratio = _usual(first) / (_usual(second) or 1.0)
        found = cheapest_lines(setting.cutter, first, second, ratio * _WEIGHTS[0], ratio * _WEIGHTS[1])
        masks += [setting.ops_of(line.device) for line in found]
    return _with_ends(masks, setting)


def _usual(prices: Prices) -> float:
    """A cost of the size that splits have: that of the cheaper side for all."""
    sides = [float(prices.here.sum()), float(prices.there.sum())]
    return min((s for s in sides if s > 0), default=1.0)


def _distinct(masks: Sequence[Array]) -> list[Array]:
    return list({np.packbits(m).tobytes(): m for m in masks}.values())
