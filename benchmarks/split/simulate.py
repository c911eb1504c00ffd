"""What changing the way with the link is worth: fixed ways, policies and hindsight over links that come and go.

    python -m benchmarks.split.simulate [--networks lte wifi] [--traces FILES...] [--model M --target T --cloud C]

Links are drawn: with two states (Gilbert-Elliott), the network's likely figures and an outage or a tenth of the
bandwidth, and with a bandwidth that wanders. Without a model the ways are those of a network with AlexNet's tensors and
made-up times: 0.5 s on the device, 0.01 s in the cloud. With one they are the splits that `edgeplan split` finds over
all uplinks. All that leave the device wait for `--timeout` seconds, and then the device runs everything. Changing the
way costs nothing here.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import exp, inf, sqrt
from pathlib import Path
from random import Random
from statistics import median

import numpy as np

from edgeplan.api.splitting import split
from edgeplan.cost.estimate import Estimate
from edgeplan.links.carrying import Carrying
from edgeplan.links.network import Network, find_network
from edgeplan.links.trace import Sample, Trace, gilbert_elliott
from edgeplan.links.trace_file import read_trace
from edgeplan.splitting.lines import Line, envelope
from edgeplan.splitting.policy import Span, policy_of
from edgeplan.splitting.simulate import Simulated, best_way, simulate, simulate_ways
from edgeplan.splitting.way import NOTHING, Kind, Tensor, Way

HYSTERESES = (0.0, 0.1, 0.5)

SLOWEST, FASTEST = 1e3, 1e11
"""Bits a second between which the ways are held against each other."""

ALEXNET = (
    ("all here", 1.0, 0),
    ("pool5", 0.66, 256 * 6 * 6),
    ("pool2", 0.4, 256 * 13 * 13),
    ("pool1", 0.2, 96 * 27 * 27),
    ("all there", 0.0, 3 * 227 * 227),
)
"""Places to cut: the part of the time that is spent before, and the numbers (4 bytes each) that pass."""


def made_up_ways() -> tuple[Way, ...]:
    """The ways of `ALEXNET`."""
    found = []
    for name, part, numbers in ALEXNET:
        kind: Kind = "device" if not numbers else "split" if part else "cloud"
        up = (Tensor(name, "float32", (numbers,), 4 * numbers, 4 * numbers),) if numbers else ()
        down = (Tensor("prob", "float32", (1, 1000), 4000, 4000),) if numbers else ()
        here, there = (_exactly(t) if t else NOTHING for t in (0.5 * part, 0.01 * (1 - part)))
        found.append(Way(kind, here, there, up, down))
    return tuple(found)


def _exactly(seconds: float) -> Estimate:
    return Estimate(seconds, seconds, seconds, "made up")


def spans_of(ways: Sequence[Way], down: float, rtt: float) -> list[Span]:
    """Which way is the fastest at which uplink, with such a downlink (bits a second) and round trip (seconds)."""
    lines = [Line(way.seconds(inf, down, rtt), 8 * way.up_bytes, np.array([i])) for i, way in enumerate(ways)]
    found = envelope(lines, 1 / FASTEST, 1 / SLOWEST)[::-1]
    ends = [0.0, *(1 / s.low for s in found[:-1]), inf]
    return [Span(low, high, int(s.line.device[0])) for (low, high), s in zip(pairwise(ends), found, strict=True)]


def wobbling(network: Network, seconds: int, seed: int) -> Trace:
    """A link whose bandwidths wander about the network's likely ones: a new factor each second, near the one before.

    The factor's logarithm goes to 0.9 of itself and a bit that is drawn, so that it lies within -0.6 and 0.6 nineteen
    times in twenty: 0.55 to 1.8 times the bandwidth.
    """
    random, x, samples = Random(seed), 0.0, []
    for second in range(seconds):
        x = 0.9 * x + random.gauss(0, 0.3 * sqrt(1 - 0.9**2))
        up, down = (exp(x) * rate.likely for rate in (network.up, network.down))
        samples.append(Sample(second, up, down, network.rtt.likely if network.rtt else 0.05))
    return Trace(tuple(samples), seconds, (), f"drawn: wandering about {network.id}, seed {seed}")


def links(networks: Sequence[Network], given: argparse.Namespace) -> Iterator[tuple[str, Network, Trace]]:
    """Every link with its name, and the network it is like."""
    drawn = {"good": given.good, "bad": given.bad, "seconds": given.seconds, "seed": given.seed}
    for network in networks:
        yield f"{network.id}, now and then dead", network, gilbert_elliott(network, **drawn)
        yield f"{network.id}, now and then slow", network, gilbert_elliott(network, worse=0.1, **drawn)
        yield f"{network.id}, wandering", network, wobbling(network, int(given.seconds), given.seed)
    for path in given.traces:
        trip = networks[0].rtt.likely if networks[0].rtt else None
        yield path.name, networks[0], read_trace(path, rtt=trip)


def compared(trace: Trace, ways: Sequence[Way], given: argparse.Namespace) -> list[tuple[str, Simulated]]:
    """The runs over a trace, each with its name."""
    link, begin = Carrying(trace), trace.samples[0].start
    seen = [link.at(begin + second) for second in range(int(trace.seconds))]
    alive = [s for s in seen if s.up and s.down] or seen
    up, down, rtt = (median(figures) for figures in zip(*((s.up, s.down, s.rtt) for s in alive), strict=True))
    spans = spans_of(ways, down or FASTEST, rtt)
    usual = policy_of(spans, 0).choose(None, up)
    asked = {"every": given.every, "timeout": given.timeout, "fallback": next(w for w in ways if not w.offloads)}
    *fixed, hindsight = simulate_ways(trace, ways, None, **asked)
    least, surest = best_way(fixed, "mean"), best_way(fixed, "p95")
    rows = []
    for run in fixed:
        way = ways[run.way]
        name = f"split, {way.up_bytes / 1e3:,.0f} kB" if way.kind == "split" else f"{way.kind} only"
        marks = ((usual, "the table's for the usual uplink"), (least, "best mean"), (surest, "best p95"))
        rows.append((", ".join([name, *(said for i, said in marks if i == run.way)]), run))
    for h in HYSTERESES:
        run = simulate(trace, ways, policy_of(spans, h), window=given.window, **asked)
        rows.append((f"policy, hysteresis {h:g}", run))
    return [*rows, ("hindsight", hindsight)]


def said(seconds: float | None) -> str:
    """Milliseconds."""
    return "lost" if seconds is None else f"{1e3 * seconds:,.0f}"


def main() -> None:
    """Print a table for each link."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=["3g", "lte", "5g", "wifi"])
    parser.add_argument("--traces", nargs="*", type=Path, default=[])
    parser.add_argument("--model")
    parser.add_argument("--target")
    parser.add_argument("--cloud")
    parser.add_argument("--good", type=float, default=20, help="mean seconds in the good state")
    parser.add_argument("--bad", type=float, default=4, help="mean seconds in the bad state")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--every", type=float, default=1.0, help="seconds between requests")
    parser.add_argument("--timeout", type=float, default=1.0)
    parser.add_argument("--window", type=int, default=1, help="requests over which a policy takes the mean uplink")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    networks = [find_network(name) for name in given.networks]
    for name, network, trace in links(networks, given):
        ways = planned_ways(given, network) if given.model else made_up_ways()
        print(f"\n{name}: {trace.seconds:,.0f} s, no link {trace.outage:.0%} of them; {trace.basis}\n")
        print("| | mean ms | p50 | p95 | p99 | worst | fell back | switches | x hindsight |")
        print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
        rows = compared(trace, ways, given)
        best = rows[-1][1].mean or inf
        for row, run in rows:
            figures = " | ".join(map(said, (run.mean, run.p50, run.p95, run.p99, run.worst)))
            over = "" if run.mean is None else f"{run.mean / best:.2f}"
            print(f"| {row} | {figures} | {run.fallbacks / max(run.requests, 1):.1%} | {run.switches:,} | {over} |")


def planned_ways(given: argparse.Namespace, network: Network) -> Sequence[Way]:
    """The ways of a model, those that are the best at some uplink, and that of the device alone."""
    plan = split(given.model, given.target, given.cloud, network)
    device = next(c.way for c in plan.choices if c.way.kind == "device")
    return [device, *(way for way in plan.ways if way.kind != "device")]


if __name__ == "__main__":
    main()
