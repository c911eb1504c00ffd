"""Requests over a trace of a link: what each takes by a fixed way, by a policy, or with hindsight, outages included."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, fsum, inf
from typing import Literal

from edgeplan.links.carrying import Carrying
from edgeplan.links.trace import Trace
from edgeplan.splitting.policy import Policy
from edgeplan.splitting.request import Answer, Requests
from edgeplan.splitting.way import Way

__all__ = ["Simulated", "best_way", "simulate", "simulate_ways"]

_MOST = 1_000_000
"""Requests of a run."""

_INSTANT = 1e-9
"""Seconds that are none: what rounding makes of two times that are one."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """What requests took over a trace, in seconds.

    `by` says who chose: the fixed way of index `way`, the policy, or `hindsight`, which takes of every request the way
    that ends first, as nobody can who does not know the future. `requests` were counted; of `untold` more the trace
    does not tell the end, as it ends before or has a gap there. `mean` is of those that ended. `p50`, `p95`, `p99` and
    `worst` are of all: so many hundredths took no longer (the nearest rank); None where that one was lost.

    `fallbacks` met the timeout and were run on the device, `lost` met it with no way to do so. `overlapping` began
    while an earlier one still ran; each is reckoned as if it had device, link and cloud for itself, so that with many
    of them the figures are too good. `shares` are the requests' parts by each way, which changed `switches` times.
    """

    by: Literal["fixed", "policy", "hindsight"]
    way: int | None
    requests: int
    untold: int
    overlapping: int
    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    worst: float | None
    fallbacks: int
    lost: int
    switches: int
    shares: tuple[float, ...]


def simulate(
    trace: Trace,
    ways: Sequence[Way],
    by: int | Policy | Literal["hindsight"],
    *,
    every: float,
    timeout: float | None = None,
    fallback: Way | None = None,
    window: int = 1,
) -> Simulated:
    """Send a request every `every` seconds from the trace's start, each by a fixed way, a policy's choice or the best.

    A request runs its first part on the device, then sends: the tensors up, with the bandwidths of the trace over the
    time they take, a round trip as it is when they are sent, the cloud's part, the tensors down. Device and cloud take
    their likely time. `timeout` (seconds) counts from the sending, as a client's does; a request that meets it is run
    from the start by `fallback`, a way of the device alone, or is lost where there is none. With no timeout it waits
    for the link to come back.

    A policy sees the uplink as it is when each request begins, or the harmonic mean over the last `window` requests:
    transfers take time in proportion to 1 / bandwidth, of which this is the mean; one outage among them makes it 0.
    Looking costs nothing here; an app has to probe the link, or to ask the system.

    Raises `ValueError` where `every`, `timeout` or `window` is not above 0, where `fallback` or `by` does not do, and
    for over 1,000,000 requests.
    """
    _check(ways, by, every, timeout, fallback, window, trace.seconds)
    link = Carrying(trace)
    requests = Requests(link, ways, inf if timeout is None else timeout, fallback)
    begin, n = trace.samples[0].start, ceil(trace.seconds / every)
    seen: deque[float] = deque(maxlen=window)
    answers: list[Answer] = []
    counts = [0] * len(ways)
    current: int | None = None
    switches = overlapping = 0
    busy_until = begin
    for i in range(n):
        start = begin + i * every
        if isinstance(by, Policy):
            if link.known_until(start) <= start:
                continue
            seen.append(link.at(start).up)
            way = by.choose(current, _harmonic_mean(seen))
            answer = requests.by(way, start)
        elif by == "hindsight":
            found = requests.best(start)
            if found is None:
                continue
            way, answer = found
        else:
            way, answer = by, requests.by(by, start)
        counts[way] += 1
        switches += current not in (None, way)
        current = way
        overlapping += start + _INSTANT < busy_until
        if answer is not None:
            answers.append(answer)
            busy_until = max(busy_until, start + answer.seconds if answer.seconds < inf else start)
    seconds = sorted(a.seconds for a in answers)
    ended = [s for s in seconds if s < inf]
    return Simulated(
        "policy" if isinstance(by, Policy) else "hindsight" if by == "hindsight" else "fixed",
        by if isinstance(by, int) else None,
        len(answers),
        n - len(answers),
        overlapping,
        fsum(ended) / len(ended) if ended else None,
        _rank(seconds, 50),
        _rank(seconds, 95),
        _rank(seconds, 99),
        _rank(seconds, 100),
        sum(a.fell_back for a in answers),
        len(seconds) - len(ended),
        switches,
        tuple(c / max(sum(counts), 1) for c in counts),
    )


def simulate_ways(
    trace: Trace,
    ways: Sequence[Way],
    policy: Policy | None,
    *,
    every: float,
    timeout: float | None = None,
    fallback: Way | None = None,
    window: int = 1,
) -> tuple[Simulated, ...]:
    """Every way held fixed, then the policy, if there is one, then hindsight: what changing the way is worth.

    Raises `ValueError`, see `simulate`.
    """
    by: list[int | Policy | Literal["hindsight"]] = [*range(len(ways)), *([policy] if policy else []), "hindsight"]
    return tuple(simulate(trace, ways, b, every=every, timeout=timeout, fallback=fallback, window=window) for b in by)


def best_way(runs: Sequence[Simulated], figure: Literal["mean", "p95"]) -> int | None:
    """The fixed way that is the best on average, or at the 95th percentile; None where none was simulated.

    A way that loses requests comes after all that lose fewer: no mean makes up for what never ended.
    """
    best = min((r for r in runs if r.way is not None and r.requests), key=lambda r: _rated(r, figure), default=None)
    return None if best is None else best.way


def _rated(run: Simulated, figure: Literal["mean", "p95"]) -> tuple[float, float]:
    seconds = run.mean if figure == "mean" else run.p95
    return run.lost / run.requests, inf if seconds is None else seconds


def _check(
    ways: Sequence[Way],
    by: int | Policy | str,
    every: float,
    timeout: float | None,
    fallback: Way | None,
    window: int,
    seconds: float,
) -> None:
    for name, value in (("every", every), ("timeout", timeout), ("window", window)):
        if value is not None and not 0 < value < inf:
            raise ValueError(f"{name} is above 0, not {value:g}")
    if seconds / every > _MOST:
        raise ValueError(f"{seconds:g} s with a request every {every:g} s are over {_MOST:,} requests")
    if fallback is not None and fallback.offloads:
        raise ValueError("a fallback runs on the device alone")
    named = [s.way for s in by.spans] if isinstance(by, Policy) else [by] if isinstance(by, int) else []
    missing = [way for way in named if not 0 <= way < len(ways)]
    if missing or not ways:
        raise ValueError(f"of {len(ways)} ways there is no number {missing[0] if missing else 0}")


def _harmonic_mean(rates: Sequence[float]) -> float:
    return len(rates) / sum(1 / r for r in rates) if all(rates) else 0.0


def _rank(ascending: Sequence[float], hundredths: int) -> float | None:
    """The least value that so many hundredths do not exceed; None where there is none, or no end."""
    if not ascending:
        return None
    value = ascending[-(-len(ascending) * hundredths // 100) - 1]
    return None if value == inf else value
