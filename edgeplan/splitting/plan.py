"""The whole of a split: a model, two sides and a link in, a SplitPlan out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.cost.estimate import Estimate
from edgeplan.links.encoding import ENCODINGS, find_encoding
from edgeplan.links.network import Network
from edgeplan.splitting.choosing import choice_of, line_as_planned, way_of
from edgeplan.splitting.cloud import Cloud
from edgeplan.splitting.findings import findings_of
from edgeplan.splitting.lines import Line
from edgeplan.splitting.policy import Span, policy_of
from edgeplan.splitting.pricing import Bill
from edgeplan.splitting.question import Question, SplitError
from edgeplan.splitting.refusals import refused
from edgeplan.splitting.rivals import apart, with_outages
from edgeplan.splitting.searching import search
from edgeplan.splitting.setting import Setting, setting_of
from edgeplan.splitting.side import Side, freed
from edgeplan.splitting.simulate import Simulated, simulate_ways
from edgeplan.splitting.split import Choice, CloudSummary, EncodingOffer, Point, SplitPlan, Stop
from edgeplan.splitting.stops import stops_of
from edgeplan.splitting.sweeping import by_uplink, cheapest_by_weighing, line_by_sum
from edgeplan.splitting.way import Way
from edgeplan.summary import summarize_target

__all__ = ["plan_split"]

Array = NDArray[Any]

_REQUESTS = 2000
"""Requests over a trace when nobody says how often they come."""

_WAYS = 16
"""Ways on the curve that are planned."""


def plan_split(device: Side, cloud: Side, at: Cloud, network: Network, question: Question) -> SplitPlan:
    """Where to cut a model that was planned on a device and on a cloud, which a network joins.

    Raises `SplitError` where a round trip, or what is to be made small, is not known, and `PrivacyError` where a
    condition does not fit the model.
    """
    if network.rtt is None:
        raise SplitError(
            f"nobody told how long a round trip over {network.title} takes: say so, {network.id},rtt=50 (ms)"
        )
    setting = setting_of(device, cloud, at, network, network.rtt, find_encoding(question.encoding), question)
    ops = len(setting.wiring.ops)
    if not ops:
        raise SplitError("the model computes nothing")
    ends = [choice_of(setting, m, refused(setting, m)) for m in (np.ones(ops, bool), np.zeros(ops, bool))]
    known = not (device.why or cloud.why)
    bill = setting.objective
    if known and isinstance(bill, str):
        raise SplitError(f"{question.objective} cannot be made small: {bill}")
    if not known or isinstance(bill, str):
        return _unknown(setting, ends)
    settings = [setting, *(setting.with_device(side) for side in freed(device))]
    looked = [(at, search(at, b)) for at in settings if not isinstance(b := at.objective, str)]
    splits = [(choice_of(setting, mask), mask, found.certified) for _, found in looked for mask in found.splits]
    nothing = None, None, looked[0][1].certified
    split, mask, certified = min(splits, key=lambda c: _rank(c[0], question), default=nothing)
    choices = (*ends, split) if split is not None else tuple(ends)
    if question.way == "split" and split is None:
        raise _no_split(setting, certified)
    best = min(range(len(choices)), key=lambda i: (_other_way(choices[i], question), *_rank(choices[i], question)))
    rivals = tuple(i for i, c in enumerate(choices) if i != best and _rivals(choices, best, c, question))
    spans, ways = _by_uplink(settings, [mask for _, mask, _ in splits])
    ways = [*ways, *(c.way for c in choices if not c.refused and not any(_same(c.way, w) for w in ways))]
    return replace(
        _bare(setting, choices, best),
        rivals=rivals,
        certified=certified,
        stops=_stops(settings, choices, mask),
        spans=tuple(spans),
        ways=tuple(ways),
        curve=_curve(settings),
        encodings=_encodings(setting, mask) if mask is not None else (),
        simulated=_simulated(setting, spans, ways, ends[0], choices[best]),
        findings=findings_of(setting, choices, best, rivals, certified),
    )


def _bare(setting: Setting, choices: Sequence[Choice], best: int) -> SplitPlan:
    device, cloud, wiring = setting.device, setting.cloud, setting.wiring
    no, not_there = device.refused | device.unknown, cloud.refused | cloud.unknown
    at, question = setting.at, setting.question
    return SplitPlan(
        device.plan.model,
        summarize_target(device.target),
        CloudSummary(
            at.id, at.title, at.target.backend.title, at.target.release, at.price_per_hour, at.basis, at.evidence
        ),
        setting.link.network,
        question.objective,
        tuple(choices),
        best,
        (),
        "",
        (),
        (),
        (),
        (),
        (),
        (),
        wiring.names(not_there & ~no),
        wiring.names(no & ~not_there),
        wiring.names(device.untimed | cloud.untimed),
        (),
        question.latency,
        question.memory,
    )


def _unknown(setting: Setting, ends: Sequence[Choice]) -> SplitPlan:
    """The answer where no time is known of a side: what may be done, and why no more can be told.

    Where both ends are refused, the split that sends the fewest bytes.
    """
    choices, certified, question = list(ends), "", setting.question
    if question.way == "split" or all(c.refused for c in ends):
        zero = setting.latency.fixed * 0.0
        found = search(setting, Bill(zero, setting.latency.per))
        choices += [choice_of(setting, mask) for mask in found.splits[:1]]
        certified = found.certified
        if question.way == "split" and not found.splits:
            raise _no_split(setting, certified)
    best = min(range(len(choices)), key=lambda i: (_other_way(choices[i], question), bool(choices[i].refused)))
    return replace(_bare(setting, choices, best), findings=findings_of(setting, choices, best, (), certified))


def _no_split(setting: Setting, certified: str) -> SplitError:
    """Why there is none: the ops hang together, or what is in the way of the first cut of the line they run in."""
    ops = len(setting.wiring.ops)
    blocks = setting.block[:ops]
    if len(np.unique(blocks)) == 1:
        certified = "all of it runs as one piece"
    elif setting.cutter.conflict is None:
        reasons = (refused(setting, blocks < k) for k in range(1, int(blocks.max()) + 1))
        certified = next((why for why in reasons if why), certified)
    return SplitError(f"no split of this model leaves something to both sides and is allowed: {certified}")


def _other_way(choice: Choice, question: Question) -> bool:
    """Whether another way was asked for."""
    return question.way not in (None, choice.way.kind)


def _rivals(choices: Sequence[Choice], best: int, other: Choice, question: Question) -> bool:
    """Whether another way may be the better one, as far as the figures tell."""
    if other.refused or other.latency is None:
        return False
    late = question.latency is not None and other.latency.low > question.latency
    mine, its = (with_outages(c, choices[0], question.outage, question.timeout or 0.0) for c in (choices[best], other))
    return not late and not apart(mine, its, question.objective)


def _rank(choice: Choice, question: Question) -> tuple[bool, bool, float, float]:
    """Allowed ways first, then those that keep the latency budget, then by what is made small, then by latency."""
    seconds = choice.seconds
    latency = seconds if seconds is not None else inf
    late = question.latency is not None and latency > question.latency
    if question.objective == "latency":
        return bool(choice.refused), late, latency, latency
    figure = choice.energy if question.objective == "energy" else choice.cost
    small = figure.likely if figure is not None else inf
    return bool(choice.refused), late, latency if late else small, latency


def _same(one: Way, other: Way) -> bool:
    return one.kind == other.kind and one.device_ops == other.device_ops


def _stops(settings: Sequence[Setting], choices: Sequence[Choice], mask: Array | None) -> tuple[Stop, ...]:
    """The places of the cut in the setting whose sums are nearest to the split as planned; the ends as planned.

    Those that would be faster than all that is allowed are held against the memory, too.
    """
    device, cloud, *split = choices

    def miss(setting: Setting) -> float:
        seconds = split[0].seconds if split else None
        return abs(setting.total(setting.latency, mask) - seconds) if seconds is not None and mask is not None else 0.0

    setting = min(settings, key=miss)
    first, *inner, last = stops_of(setting)
    if cloud.seconds is not None and isfinite(first.seconds):
        first = replace(first, seconds=inf if cloud.refused else cloud.seconds)
    if device.seconds is not None and isfinite(last.seconds):
        last = replace(last, seconds=inf if device.refused else device.seconds, device=device.way.device.likely)
    least = min((c.seconds for c in choices if not c.refused and c.seconds is not None), default=inf)
    inner = [
        replace(stop, seconds=inf) if stop.seconds < least and refused(setting, _up_to(setting, stop)) else stop
        for stop in inner
    ]
    return (first, *inner, last)


def _up_to(setting: Setting, stop: Stop) -> Array:
    """The mask [ops] of what the device has at a stop."""
    block = setting.block[: len(setting.wiring.ops)]
    found: Array = block <= np.sort(block)[stop.ops - 1]
    return found


def _by_uplink(settings: Sequence[Setting], known: Sequence[Array]) -> tuple[list[Span], list[Way]]:
    """The best way at every uplink: of latency where money is made small, which no uplink changes. Splits `known`
    already are among those it is looked for in.
    """
    setting = settings[0]
    bill = setting.objective

    def line(mask: Array) -> Line | None:
        way = way_of(setting, mask) if not refused(setting, mask) else ""
        if isinstance(way, str):
            return None
        if setting.question.objective == "energy" and not isinstance(bill, str):
            return line_by_sum(setting, bill, mask)
        return line_as_planned(setting, way, mask)

    spans, masks = by_uplink(settings, line, known)
    ways = [way_of(setting, mask) for mask in masks]
    return spans, [w for w in ways if isinstance(w, Way)]


def _curve(settings: Sequence[Setting]) -> tuple[Point, ...]:
    """The ways that no other beats in all of latency, energy and money, the fastest first."""
    setting = settings[0]
    if len(_bills(setting)) < 2:
        return ()
    found = {np.packbits(m).tobytes(): m for at in settings for m in cheapest_by_weighing(at, _bills(at))}
    masks = [m for m in found.values() if not refused(setting, m)]
    masks = sorted(masks, key=lambda m: setting.total(setting.latency, m))[:_WAYS]
    points = [
        Point(c.way, c.latency.likely, _likely(c.energy), _likely(c.cost))
        for c in (choice_of(setting, m) for m in masks)
        if c.latency is not None
    ]
    return tuple(
        sorted((p for p in points if not any(_beats(o, p) for o in points)), key=lambda p: (p.latency, p.way.up_bytes))
    )


def _bills(setting: Setting) -> list[Bill]:
    """Latency, and what else is known."""
    return [setting.latency, *(b for b in (setting.energy, setting.cost) if not isinstance(b, str))]


def _likely(figure: Estimate | None) -> float | None:
    return figure.likely if figure is not None else None


def _beats(one: Point, other: Point) -> bool:
    """Whether a point is no worse in anything, and better in something."""
    pairs = [
        (one.latency, other.latency),
        *((a, b) for a, b in ((one.energy, other.energy), (one.cost, other.cost)) if a is not None and b is not None),
    ]
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def _encodings(setting: Setting, ops: Array) -> tuple[EncodingOffer, ...]:
    """What every encoding makes of the split's tensors."""
    offers: list[EncodingOffer] = []
    for name in ENCODINGS:
        encoding = find_encoding(name)
        choice = choice_of(setting.with_encoding(encoding), ops)
        if choice.latency is None:
            return ()
        coded = any(t.encoding == name for t in choice.way.up)
        if name != "raw" and not coded:
            continue  # none of these tensors is of a type it is for
        offers.append(
            EncodingOffer(
                name,
                choice.way.up_bytes,
                choice.parts["up"].likely,
                choice.latency,
                encoding.exact,
                note="" if encoding.exact else "at most: how much smaller it gets, the data decide",
            )
        )
    return tuple(offers)


def _simulated(
    setting: Setting, spans: Sequence[Span], ways: Sequence[Way], whole: Choice, best: Choice
) -> tuple[Simulated, ...]:
    """Requests over the trace: by each way, by the policy, and as hindsight would have had them."""
    question = setting.question
    if question.trace is None or not ways or best.latency is None:
        return ()
    every = question.every or max(best.latency.likely, question.trace.seconds / _REQUESTS)
    policy = policy_of(spans) if spans else None
    fallback = whole.way if not whole.refused and not whole.way.up else None
    return simulate_ways(question.trace, ways, policy, every=every, timeout=question.timeout, fallback=fallback)
