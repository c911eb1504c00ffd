"""The named networks on the papers' machines: seconds and bytes of every op, and the split edgeplan's solver finds.

The machines are not edgeplan's devices: their speeds are the papers' own figures (`published/*.toml`), and only the
problem and the solver are those of `edgeplan split`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.split.published_networks import Network, network
from edgeplan.splitting.mincut import Cutter
from edgeplan.splitting.prefix import prefix_costs
from edgeplan.splitting.problem import Prices, cost_of, crossing

__all__ = ["DADS", "FIGURES", "NEUROSURGEON", "Case", "Split", "case", "figures"]

Array = NDArray[Any]

FIGURES = Path(__file__).with_name("published")
MILLION = 1e6
ALL, NONE = "device only", "cloud only"

NEUROSURGEON = ("AlexNet", "VGG-19", "DeepFace", "LeNet (DIG)", "Kaldi (ASR)", "SENNA POS", "SENNA NER", "SENNA CHK")
DADS = ("NiN", "tiny YOLOv2", "VGG-16", "AlexNet, two towers", "ResNet-18")


@cache
def figures(paper: str) -> Mapping[str, Any]:
    """What a paper publishes."""
    return tomllib.loads((FIGURES / f"{paper}.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Split:
    """Where the ops of a mask [ops] run: what it costs, the layers after which it cuts, and what all here or all there
    costs, the three in seconds or joules.
    """

    device: Array
    cost: float
    after: str
    alone: float
    cloud: float

    @property
    def gain(self) -> float:
        """How many times as cheap as the better of the two ways without a split."""
        return min(self.alone, self.cloud) / self.cost


@dataclass(frozen=True)
class Case:
    """A network on a device and a cloud: seconds [ops] on either, `sent` bits [tensors], bits a second of the links by
    name; `watts` of the device while it computes and `per_bit` joules of the links, where anything says.
    """

    network: Network
    here: Array
    there: Array
    sent: Array
    links: Mapping[str, float]
    watts: float = 0.0
    per_bit: Mapping[str, float] | None = None

    @cached_property
    def cutter(self) -> Cutter:
        """The solver of `edgeplan split` on this network."""
        return Cutter(self.network.wiring.problem)

    def prices(self, link: str | float) -> Prices:
        """Seconds, over a link by its name or its bits a second."""
        rate = self.links[link] if isinstance(link, str) else link
        return Prices(self.here, self.there, self.sent / rate)

    def joules(self, link: str) -> Prices:
        """Joules that the device spends."""
        return Prices(self.here * self.watts, self.there * 0.0, self.sent * (self.per_bit or {})[link])

    def split(self, prices: Prices) -> Split:
        """The least cut."""
        found = self.cutter.cut(prices)
        return self.at(prices, found.device)

    def at(self, prices: Prices, device: Array) -> Split:
        """A split that is given."""
        problem = self.network.wiring.problem
        ends = [np.ones(problem.ops, bool), np.zeros(problem.ops, bool)]
        alone, cloud = (cost_of(problem, prices, end) for end in ends)
        return Split(device, cost_of(problem, prices, device), self.said(device), alone, cloud)

    def said(self, device: Array) -> str:
        """The layers behind which it is cut."""
        if device.all():
            return ALL
        if not device.any():
            return NONE
        problem, ops = self.network.wiring.problem, self.network.ops
        makers = problem.maker[crossing(problem, device)]
        return " + ".join(dict.fromkeys("input" if m < 0 else ops[m].split("/")[0] for m in makers.tolist()))

    def best_prefix(self, prices: Prices, single: bool = False) -> Split:
        """The cheapest cut of the line in which the ops run; `single` allows only those where one tensor crosses."""
        problem = self.network.wiring.problem
        costs = prefix_costs(problem, prices)
        if single:
            masks = [np.arange(problem.ops) < k for k in range(problem.ops + 1)]
            many = np.array([int(crossing(problem, m).sum()) > 1 for m in masks])
            costs = np.where(many, np.inf, costs)
        return self.at(prices, np.arange(problem.ops) < int(np.argmin(costs)))


@cache
def case(name: str) -> Case:
    """A network of either paper on that paper's machines."""
    return _neurosurgeon(name) if name in NEUROSURGEON else _dads(name)


def _neurosurgeon(name: str) -> Case:
    said = figures("neurosurgeon")
    of, alexnet = network(name), network("AlexNet")
    device, cloud = said["device"], said["cloud"]
    slower = device["alexnet"] / _roofline(alexnet, device).sum()
    links = {link: rate * MILLION for link, rate in said["links"].items()}
    image = said["image"]["seconds"] * links[said["image"]["link"]]
    sent = np.array(of.bytes) * 8.0
    if name in said["image"]["of"]:
        sent[of.wiring.tensors.index("input")] = image
    per_bit = {link: _joules_a_bit(rule, links[link], image) for link, rule in said["sending"].items()}
    watts = device["joules"] / device["alexnet"]
    return Case(of, _roofline(of, device) * slower, _roofline(of, cloud) * slower, sent, links, watts, per_bit)


def _roofline(of: Network, machine: Mapping[str, float]) -> Array:
    compute = 2 * np.array(of.macs, float) / (machine["gflops"] * 1e9)
    traffic = (np.array(of.weights, float) + np.array(of.moved)) / (machine["gbytes"] * 1e9)
    return compute + traffic


def _joules_a_bit(rule: Mapping[str, float], rate: float, image: float) -> float:
    if "image" in rule:
        return rule["image"] / image
    return (rule["a"] * rate / MILLION + rule["b"]) / rate


def _dads(name: str) -> Case:
    said = figures("dads")
    of = network(name)
    bits = said["megabit"]["bits"]
    links = {link: rate * bits for link, rate in said["links"].items()}
    sent = np.array(of.bytes) * 8.0
    if name == "tiny YOLOv2":
        yolo = said["yolo"]
        rows = dict(zip(yolo["layers"], zip(yolo["device"], yolo["cloud"], strict=True), strict=True))
        times = np.array([rows.get(op, (0.0, 0.0)) for op in of.ops])
        return Case(of, times[:, 0], times[:, 1], sent, links)
    device, cloud = _totals(said["bars"][name], sent[of.wiring.tensors.index("input")] / links["3G"])
    yolo_case = case("tiny YOLOv2")
    return Case(of, _shared(of, yolo_case, True) * device, _shared(of, yolo_case, False) * cloud, sent, links)


def _totals(bars: Mapping[str, Mapping[str, float]], sending: float) -> tuple[float, float]:
    """Seconds of a whole network on the device and in the cloud: what the two bars of cloud-only say.

    Its throughput is that of the link, which takes `sending` seconds a frame, and its latency that and the cloud's.
    """
    latency, throughput = bars["latency"]["cloud"], bars["throughput"]["cloud"]
    device = sending * throughput
    return device, device * (1 / latency - 1 / throughput)


def _shared(of: Network, yolo: Case, device: bool) -> Array:
    """The part of a network's time that each op takes, by what a MAC and a pooling's element take in tiny YOLOv2."""
    times = yolo.here if device else yolo.there
    taps, macs = np.array(yolo.network.taps), np.array(yolo.network.macs)
    a_mac, a_tap = times[macs > 0].sum() / macs.sum(), times[taps > 0].sum() / taps.sum()
    shares = np.array(of.macs) * a_mac + np.array(of.taps) * a_tap
    found: Array = shares / shares.sum()
    return found
