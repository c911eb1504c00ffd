"""Whether the cut is the least there is, and what it costs to find it.

    python -m benchmarks.split.exact [--graphs 5000] [--folder MODELS]

Random graphs of up to 12 ops are held against every split there is. Of every ONNX model in a folder, planned on two
pairs of sides (or, where no time is known, at prices by its bytes), the cut at 20 uplinks is held against networkx,
another solver with another network of the same problem.
Then large random networks are cut, and swept over 50 uplinks, in CPU seconds.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np

from benchmarks.split.problems import a_problem, a_wide_problem, every_split, plain_costs
from edgeplan.frontends import load_model
from edgeplan.frontends.errors import ModelError
from edgeplan.links.encoding import find_encoding
from edgeplan.links.network import find_network
from edgeplan.splitting.cloud import find_cloud
from edgeplan.splitting.lines import cheapest_lines, envelope
from edgeplan.splitting.mincut import Cutter
from edgeplan.splitting.problem import INPUT, Prices, Problem, cost_of
from edgeplan.splitting.question import Question
from edgeplan.splitting.setting import setting_of
from edgeplan.splitting.side import side_of
from edgeplan.splitting.wiring import Wiring, wiring_of
from edgeplan.target import resolve

PAIRS = (("pixel6", "jetson-agx-orin-64gb"), ("jetson-orin-nano", "server-core-i9-10940x"))
"""Devices with what is the cloud for them: one that is faster in all, and one that is slower in most."""

UPLINKS = np.geomspace(1e5, 1e10, 20)
"""Bits a second."""

_UNITS = 1 << 40


def main() -> None:
    """Print counts of what was wrong, and CPU seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graphs", type=int, default=5000)
    parser.add_argument("--folder", type=Path, help="ONNX models to cut")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    wrong = sum(_wrong(given.seed * 1_000_003 + case, case % 2 == 1) for case in range(given.graphs))
    print(f"{given.graphs:,} random graphs of up to 12 ops, every second with constraints: {wrong} wrong")
    if given.folder is not None:
        _models(sorted(given.folder.rglob("*.onnx")))
    for ops in (1_000, 10_000, 50_000):
        _scale(ops, given.seed)


def _wrong(seed: int, constrained: bool) -> bool:
    """Whether the cut of one random graph is not the least, or not allowed, or said to be impossible and is not."""
    problem, prices = a_problem(random.Random(seed), constrained=constrained)
    best = float(plain_costs(problem, prices, every_split(problem.ops)).min())
    cutter = Cutter(problem)
    if cutter.conflict is not None:
        return np.isfinite(best)
    cut = cutter.cut(prices)
    own = float(plain_costs(problem, prices, cut.device[None])[0])
    return not (abs(own - best) <= 1e-9 * best + 1e-15 and abs(cut.cost - own) <= 1e-9 * own + 1e-15)


def _models(paths: list[Path]) -> None:
    cut = wrong = over = 0
    used: set[str] = set()
    for path in paths:
        for problem, fixed, per in _problems(path):
            cutter = Cutter(problem)
            if cutter.conflict is not None:
                continue
            used.add(str(path))
            for uplink in UPLINKS:
                prices = fixed + per * (1 / uplink)
                found, other = cutter.cut(prices).cost, _oracle(problem, prices)
                cut += 1
                wrong += not abs(found - other) <= 1e-6 * other + 1e-15
                over += found > other * (1 + 1e-9)
    print(f"{len(used)} of {len(paths)} models, {cut:,} cuts at {len(UPLINKS)} uplinks: {wrong} wrong ({over} above)")


def _problems(path: Path) -> Iterator[tuple[Problem, Prices, Prices]]:
    """The problem of a model for each pair of sides: in ops, and in the blocks that kernels make of them."""
    try:
        read = load_model(path)
    except ModelError:
        return
    wiring = wiring_of(read.graph)
    network = find_network("up=10,down=10,rtt=20")
    assert network.rtt is not None
    timed = False
    for device, cloud in PAIRS:
        at = find_cloud(cloud)
        sides = side_of(wiring, resolve(device)), side_of(wiring, at.target, cloud=True)
        if any(s.why for s in sides) or not len(wiring.ops):
            continue
        setting = setting_of(*sides, at, network, network.rtt, find_encoding("raw"), Question())
        bill = setting.latency
        yield setting.problem, bill.fixed, bill.per
        yield setting.cutter.problem, setting.blocks(bill.fixed), setting.blocks(bill.per)
        timed = timed or setting.cutter.conflict is None
    if not timed and wiring.ops:
        yield _by_bytes(wiring)


def _by_bytes(wiring: Wiring) -> tuple[Problem, Prices, Prices]:
    """A model of which no time is known, at 1 GB/s of results here and 10 there; a tensor of no known size stays."""
    sizes = [wiring.graph.values[name].bytes for name in wiring.tensors]
    size = np.array([0 if s is None else s for s in sizes], float)
    problem = replace(wiring.problem, sendable=np.array([s is not None for s in sizes], bool))
    made = problem.maker != INPUT
    moved = np.bincount(problem.maker[made], size[made], problem.ops)
    none = np.zeros(problem.ops)
    return problem, Prices(moved * 1e-9, moved * 1e-10, 0 * size), Prices(none, none, 8 * size)


def _oracle(problem: Problem, prices: Prices) -> float:
    """The cost of the least cut by networkx: whole capacities, a vertex for every tensor, and the cut read off anew."""
    graph = nx.DiGraph()
    bound = float(min(prices.here.sum(), prices.there.sum() + prices.send.sum()))
    unit = _UNITS / (bound or 1.0)
    for op in range(problem.ops):
        for start, end, price, allowed in (
            ("device", op, prices.there[op], problem.there[op]),
            (op, "cloud", prices.here[op], problem.here[op]),
        ):
            graph.add_edge(start, end, **({"capacity": round(float(price) * unit)} if allowed else {}))
    for tensor, maker in enumerate(problem.maker.tolist()):
        start = "device" if maker == INPUT else maker
        limit = {"capacity": round(float(prices.send[tensor]) * unit)} if problem.sendable[tensor] else {}
        graph.add_edge(start, ("tensor", tensor), **limit)
    for tensor, reader in zip(problem.tensor.tolist(), problem.reader.tolist(), strict=True):
        graph.add_edge(("tensor", tensor), reader)
        if problem.maker[tensor] != INPUT:
            graph.add_edge(reader, int(problem.maker[tensor]))
    _, (side, _) = nx.minimum_cut(graph, "device", "cloud")
    return cost_of(problem, prices, np.array([op in side for op in range(problem.ops)], bool))


def _scale(ops: int, seed: int) -> None:
    problem, fixed, per = a_wide_problem(random.Random(seed), ops)
    Cutter(problem).cut(fixed + per * 1e-6)  # the solver is loaded once
    cuts: list[float] = []
    for uplink in UPLINKS:
        start = time.process_time()
        Cutter(problem).cut(fixed + per * (1 / uplink))
        cuts.append(time.process_time() - start)
    one = float(np.median(cuts))
    start = time.process_time()
    lines = cheapest_lines(Cutter(problem), fixed, per, 1 / UPLINKS[-1], 1 / UPLINKS[0])
    stretches = envelope(lines, 1 / UPLINKS[-1], 1 / UPLINKS[0])
    points = [next(s for s in stretches if x <= s.high) for x in np.geomspace(1 / UPLINKS[-1], 1 / UPLINKS[0], 50)]
    sweep = time.process_time() - start
    places = 1 + sum(a is not b for a, b in pairwise(points))
    print(
        f"{ops:6,} ops: a cut {one:.3f} CPU-s (the slowest of {len(cuts)}: {max(cuts):.3f}), "
        f"50 uplinks {sweep:.3f} = {sweep / one:.1f} x, {places} different splits"
    )


if __name__ == "__main__":
    main()
