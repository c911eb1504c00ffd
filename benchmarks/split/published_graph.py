"""Counts how often the least cut of the graph that DADS publishes cannot be run.

    python -m benchmarks.split.published_graph [--tries 3000]

Its arcs are the device's and the cloud's time of each layer, the link's time of each tensor, and arcs without end
behind the auxiliary vertex of a tensor with several readers (equation 4). None of them is cut where a layer on the
device reads what one in the cloud makes, so such a return costs nothing. The networks are small and random, cut by
edgeplan's solver (OR-tools, whole numbers) without and with the arcs that forbid it.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.split.published_cases import FIGURES, case, figures
from edgeplan.splitting.mincut import Cutter
from edgeplan.splitting.problem import INPUT, Prices, Problem, cost_of, problem_of

__all__ = ["TRIES", "Stress", "graph_section", "published_cut", "returned", "stress"]

Array = NDArray[Any]

TRIES = 3000
UNITS = 1 << 40
MBIT = 10e6
"""Bits a second of the random networks' link."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A random network: ops after the input, and milliseconds."""

    seed: int
    problem: Problem
    prices: Prices


@dataclass(frozen=True)
class Stress:
    """Of so many networks, how many the published graph cuts `invalid`ly, in how many of them both ways to mend the cut
    cost more than the least split (`worse`), and the `smallest` of these.
    """

    tries: int
    invalid: int
    worse: int
    smallest: Drawn | None


def draw(seed: int) -> Drawn:
    """An input and 3 to 8 ops in a row, some of which also hand on further down; a third slower in the cloud."""
    rng = random.Random(seed)
    ops = rng.randint(3, 8)
    readers: list[list[int]] = [[at] for at in range(ops)] + [[]]  # of the input, then of every op
    for maker in range(ops - 1):
        if rng.random() < 0.3:
            readers[maker].append(rng.randrange(maker + 1, ops))
    problem = problem_of(ops, [(at + INPUT, sorted(set(to))) for at, to in enumerate(readers)])
    here = [rng.uniform(0.1, 40) for _ in range(ops)]
    there = [rng.uniform(20, 80) if rng.random() < 0.3 else rng.uniform(0.1, 10) for _ in range(ops)]
    sizes = [rng.choice((1_000, 20_000, 150_000)) for _ in readers]
    return Drawn(seed, problem, Prices(np.array(here), np.array(there), np.array(sizes) * 8 / MBIT * 1e3))


def published_cut(problem: Problem, prices: Prices) -> Array:
    """The ops [ops] on the source's side of a least cut of the graph of DADS' equation 4; the input is the source."""
    from ortools.graph.python import max_flow

    n = problem.ops
    source, sink, hubs = n, n + 1, n + 2
    total = float(prices.here.sum() + prices.there.sum() + prices.send.sum()) or 1.0
    flow = max_flow.SimpleMaxFlow()

    def arc(tail: int, head: int, price: float) -> None:
        flow.add_arc_with_capacity(tail, head, round(min(price / total, 2.0) * UNITS))

    for op in range(n):
        arc(source, op, float(prices.there[op]))
        arc(op, sink, float(prices.here[op]))
    for tensor, maker in enumerate(problem.maker.tolist()):
        to = problem.reader[problem.tensor == tensor].tolist()
        start = source if maker == INPUT else maker
        if len(to) == 1:
            arc(start, to[0], float(prices.send[tensor]))
        elif to:
            arc(start, hubs + tensor, float(prices.send[tensor]))
            for reader in to:
                arc(hubs + tensor, reader, float("inf"))
    if flow.solve(source, sink) != flow.OPTIMAL:
        raise RuntimeError("the solver did not finish")
    device = np.zeros(n, bool)
    device[[v for v in flow.get_source_side_min_cut() if v < n]] = True
    return device


def returned(problem: Problem, device: Array) -> list[tuple[int, int]]:
    """Pairs of an op in the cloud and one on the device that reads what the first makes."""
    makers = problem.maker[problem.tensor]
    pairs = zip(makers.tolist(), problem.reader.tolist(), strict=True)
    return [(m, r) for m, r in pairs if m != INPUT and device[r] and not device[m]]


def mended(problem: Problem, prices: Prices, device: Array) -> float:
    """What a cut costs once it can run: what reads the cloud's results moved there, or what it reads moved here."""
    there, here = device.copy(), device.copy()
    for _ in range(problem.ops):
        for _maker, reader in returned(problem, there):
            there[reader] = False
        for maker, _reader in returned(problem, here):
            here[maker] = True
    return min(cost_of(problem, prices, there), cost_of(problem, prices, here))


def stress(tries: int) -> Stress:
    """The published graph on so many random networks."""
    invalid, worse, smallest = 0, 0, None
    for seed in range(tries):
        one = draw(seed)
        device = published_cut(one.problem, one.prices)
        if not returned(one.problem, device):
            continue
        invalid += 1
        least = Cutter(one.problem).cut(one.prices).cost
        if mended(one.problem, one.prices, device) > least * (1 + 1e-9):
            worse += 1
            if smallest is None or _size(one) < _size(smallest):
                smallest = one
    return Stress(tries, invalid, worse, smallest)


def _size(one: Drawn) -> tuple[int, int]:
    return one.problem.ops, len(one.problem.reader)


def claimed(problem: Problem, prices: Prices, device: Array) -> float:
    """What the published graph says a cut costs: a return is free."""
    makers, sent = problem.maker, np.zeros(len(problem.maker), bool)
    made_here = (makers == INPUT) | device[np.where(makers == INPUT, 0, makers)]
    sent[problem.tensor[~device[problem.reader] & made_here[problem.tensor]]] = True
    return float(prices.here[device].sum() + prices.there[~device].sum() + prices.send[sent].sum())


def graph_section(tries: int) -> Iterator[str]:
    """What comes of it, as a section of the page."""
    found = stress(tries)
    text = (FIGURES / "graph.md").read_text(encoding="utf-8")
    share = found.invalid / found.tries
    yield text.format(tries=found.tries, invalid=found.invalid, share=share, worse=found.worse)
    if found.smallest is not None:
        yield from _example(found.smallest)
    yield from _on_yolo()


def _example(one: Drawn) -> Iterator[str]:
    problem, prices = one.problem, one.prices
    device, best = published_cut(problem, prices), Cutter(problem).cut(prices)
    yield f"The smallest of those (seed {one.seed}), in milliseconds; sending the input takes {prices.send[0]:.1f}:"
    yield ""
    yield "| layer | reads | device | cloud | sending what it makes | published cut | least split |"
    yield "|--:|---|--:|--:|--:|---|---|"
    for op in range(problem.ops):
        makers = problem.maker[problem.tensor[problem.reader == op]].tolist()
        read = ", ".join("input" if m == INPUT else str(m + 1) for m in makers)
        times = (prices.here[op], prices.there[op], prices.send[problem.maker == op].sum())
        where = ("device" if side[op] else "cloud" for side in (device, best.device))
        yield "| " + " | ".join((str(op + 1), read, *(f"{t:.1f}" for t in times), *where)) + " |"
    yield ""
    says, least = claimed(problem, prices, device), mended(problem, prices, device)
    yield f"The published graph says {says:.1f} ms, for a cut that cannot be run with one hand-over. Mended it takes"
    yield f"{least:.1f} ms, the least split {best.cost:.1f} ms."


def _on_yolo() -> Iterator[str]:
    yolo = case("tiny YOLOv2")
    problem, unit = yolo.network.wiring.problem, figures("dads")["megabit"]["bits"]
    rates = (1, 2, 4, 8, 16, 32)
    back = [r for r in rates if returned(problem, published_cut(problem, yolo.prices(float(r * unit))))]
    if back:
        yield ""
        yield "It happens with the paper's own figures: the layer `output` of tiny YOLOv2 takes 0.14 ms on the"
        yield "Raspberry Pi and 0.15 ms in the cloud (figure 7, as drawn), and"
        yield f"at {_listed(back)} Mbps the published graph has it on the device, behind `conv9` in the cloud."


def _listed(rates: Sequence[int]) -> str:
    said = [str(r) for r in rates]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=TRIES, help="random networks (%(default)s)")
    print("\n".join(graph_section(parser.parse_args(arguments).tries)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
