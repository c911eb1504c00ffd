"""Which ways the figures cannot tell apart: their difference may be of either sign.

What is wrong of the device's speed is wrong of both ways alike, and so are the cloud's and the link's. So not whether
two ranges overlap is asked, but what the difference can be: part by part, each at its low, likely and high end in both
ways, the differences added as of errors that share nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import hypot

from edgeplan.cost.estimate import Estimate
from edgeplan.splitting.split import Choice, Objective
from edgeplan.splitting.way import NOTHING

__all__ = ["apart", "difference", "with_outages"]

_TOGETHER = (("device",), ("trip",), ("cloud",), ("up", "down"))
"""Parts of a latency that err together: one link is slow in both directions."""


def difference(one: Mapping[str, Estimate], other: Mapping[str, Estimate]) -> Estimate:
    """The seconds that one way takes more than another, by their parts."""
    likely = down = up = 0.0
    for names in _TOGETHER:
        a, b = ([parts.get(n, NOTHING) for n in names] for parts in (one, other))
        ends = [sum(x.low for x in a) - sum(x.low for x in b), sum(x.high for x in a) - sum(x.high for x in b)]
        middle = sum(x.likely for x in a) - sum(x.likely for x in b)
        likely += middle
        down = hypot(down, middle - min(middle, *ends))
        up = hypot(up, max(middle, *ends) - middle)
    return Estimate(likely - down, likely, likely + up, "errors of one part are those of both ways")


def apart(best: Choice, other: Choice, objective: Objective) -> bool:
    """Whether one surely is better than the other by what is made small, as far as the ranges hold: the best, unless
    another way was asked for.
    """
    if objective == "latency":
        more = difference(other.parts, best.parts)
        return more.low > 0 or more.high < 0
    mine, its = (best.energy, other.energy) if objective == "energy" else (best.cost, other.cost)
    if mine is None or its is None:
        return False
    if objective == "cost" and (_in_ratio(mine, its) or _in_ratio(its, mine)):
        return True
    return its.low > mine.high or mine.low > its.high


def with_outages(choice: Choice, whole: Choice, outage: float, timeout: float) -> Choice:
    """A way with the parts of its expected latency, where a part of the requests finds no link, waits, and then runs
    the `whole` model on the device.
    """
    if not outage or not choice.way.offloads or not choice.parts:
        return choice
    here, again = choice.parts["device"], whole.parts.get("device", NOTHING).times(outage, outage, outage, "")
    up = 1 - outage
    rest = {name: part.times(up, up, up, part.basis) for name, part in choice.parts.items()}
    waits = outage * timeout
    trip = rest["trip"].plus(Estimate(waits, waits, waits, ""))
    return replace(choice, parts={**rest, "device": here.plus(again), "trip": trip})


def _in_ratio(best: Estimate, other: Estimate) -> bool:
    """Whether money is surely less: one machine at one price, so that its error is the same factor for both."""
    return other.low > best.low and other.likely > best.likely and other.high > best.high
