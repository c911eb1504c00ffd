"""What a link did over time: bandwidths and round trips that hold until the next sample; and such traces drawn."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from random import Random

from edgeplan.links.network import Network

__all__ = ["Sample", "Trace", "TraceError", "gilbert_elliott"]

_MOST = 1_000_000
"""Samples of a drawn trace."""


class TraceError(ValueError):
    """No usable trace; the message is one line, and tells the line of a file."""


@dataclass(frozen=True, slots=True)
class Sample:
    """From `start` (seconds) on: bits a second up and down (0: an outage), and the seconds of a round trip."""

    start: float
    up: float
    down: float
    rtt: float


@dataclass(frozen=True, slots=True)
class Trace:
    """A link over time: a sample holds until the next one starts, the last until `end` (seconds).

    Starts ascend. `gaps` are stretches (from, to) that nobody looked at, each up to a sample's start: what the link did
    there is not known. `basis` says where the trace comes from.
    """

    samples: tuple[Sample, ...]
    end: float
    gaps: tuple[tuple[float, float], ...] = ()
    basis: str = ""

    @property
    def seconds(self) -> float:
        """How long the trace is, gaps included."""
        return self.end - self.samples[0].start

    @property
    def outage(self) -> float:
        """The part of the time (0 to 1) without an uplink, of the time that is known."""
        known = {stop: start for start, stop in self.gaps}
        stops = (*(s.start for s in self.samples[1:]), self.end)
        lengths = [known.get(stop, stop) - s.start for s, stop in zip(self.samples, stops, strict=True)]
        return sum(n for n, s in zip(lengths, self.samples, strict=True) if not s.up) / sum(lengths)


def gilbert_elliott(
    network: Network,
    *,
    good: float,
    bad: float,
    seconds: float,
    seed: int,
    worse: float = 0.0,
    rtt: float | None = None,
) -> Trace:
    """A link with two states, good and bad, that changes between them at random (Gilbert 1960, Elliott 1963).

    In the good state it has the likely figures of `network`, in the bad one the part `worse` of its bandwidths (0: an
    outage). States last `good` and `bad` seconds in the mean, each drawn from an exponential distribution: the chain in
    continuous time, which starts in its long-run mix, bad / (good + bad) of the time bad. `rtt` (seconds) stands in for
    a network that has none. The same seed gives the same trace. Raises `TraceError`.

    Source: E. N. Gilbert, "Capacity of a burst-noise channel", Bell System Technical Journal 39 (1960) 1253-1265;
    E. O. Elliott, "Estimates of error rates for codes on burst-noise channels", ibid. 42 (1963) 1977-1997.
    """
    if not (0 < good < float("inf") and 0 < bad < float("inf") and 0 < seconds < float("inf")):
        raise TraceError("good, bad and the trace last more than 0 seconds, and not for ever")
    if not 0 <= worse < 1:
        raise TraceError(f"a bad link has a part of the good one's bandwidth, 0 to below 1, not {worse:g}")
    if seconds / min(good, bad) > _MOST:
        raise TraceError(f"{seconds:g} s with states of {min(good, bad):g} s are over {_MOST:,} samples")
    trip = network.rtt.likely if network.rtt is not None else rtt
    if trip is None:
        raise TraceError(f"nobody told the round trip of {network.id!r}: give one")
    random = Random(seed)
    is_bad = random.random() < bad / (good + bad)
    time, samples = 0.0, []
    while time < seconds:
        part = worse if is_bad else 1.0
        samples.append(Sample(time, part * network.up.likely, part * network.down.likely, trip))
        # by hand: the same numbers from every release of Python
        time += max(-log(1.0 - random.random()) * (bad if is_bad else good), 1e-9)
        is_bad = not is_bad
    kind = "an outage" if not worse else f"{worse:g} of the bandwidth"
    basis = f"drawn: two states (Gilbert-Elliott) of {network.id}, {good:g} s good, {bad:g} s bad ({kind}), seed {seed}"
    return Trace(tuple(samples), seconds, (), basis)
