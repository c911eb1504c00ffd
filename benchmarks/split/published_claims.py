"""What Neurosurgeon and DADS say, beside what the solver finds on their networks, machines and links."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np

from benchmarks.split.published_cases import DADS, FIGURES, NEUROSURGEON, Case, Split, case, figures

__all__ = ["CHECKS", "Claim", "Verdict", "claims", "turns"]

Verdict = Literal["holds", "the order holds", "not contradicted", "does not hold", "cannot be checked"]
"""With its figures; in what is above what; the same but for ties; not at all; for want of published figures."""

YOLO, RESNET, TOWERS = "tiny YOLOv2", "ResNet-18", "AlexNet, two towers"
NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Claim:
    """What is `published` and where, what is `ours`, whether the first holds, and what is to be said of it."""

    key: str
    where: str
    published: str
    ours: str
    verdict: Verdict
    note: str


Checked = tuple[str, bool, Verdict]
"""What is ours, whether the claim holds, and in which way it does if so."""

CHECKS: dict[str, Callable[[], Checked]] = {}


def check(key: str) -> Callable[[Callable[[], Checked]], Callable[[], Checked]]:
    """Marks what computes a claim of `published/claims.toml`."""

    def mark(computed: Callable[[], Checked]) -> Callable[[], Checked]:
        CHECKS[key] = computed
        return computed

    return mark


def claims() -> Iterator[Claim]:
    """All of them, in the order of the file."""
    said = tomllib.loads((FIGURES / "claims.toml").read_text(encoding="utf-8"))
    for key, claim in said.items():
        verdict: Verdict = "cannot be checked"
        ours = ""
        if key in CHECKS:
            ours, holds, way = CHECKS[key]()
            verdict = way if holds else "does not hold"
        yield Claim(key, claim["where"], claim["says"], ours, verdict, claim.get("note", ""))


def turns(of: Case, low: float, high: float, steps: int = 48) -> list[tuple[float, str]]:
    """Where the best split changes as the link gets faster from `low` to `high` Mbps: from which on which one."""

    def best(rate: float) -> str:
        return of.split(of.prices(rate * _mbit())).after

    found = [(low, best(low))]
    for below, above in pairwise(np.geomspace(low, high, steps).tolist()):
        while found[-1][1] != best(above):
            left, right = max(below, found[-1][0]), above
            for _ in range(40):
                middle = (left * right) ** 0.5
                left, right = (middle, right) if best(middle) == found[-1][1] else (left, middle)
            found.append((right, best(right)))
    return found


def _mbit() -> float:
    return float(figures("dads")["megabit"]["bits"])


@cache
def _over(name: str) -> Mapping[str, Split]:
    """The least cut over each link."""
    of = case(name)
    return {link: of.split(of.prices(link)) for link in of.links}


def _made(name: str) -> Mapping[str, float]:
    """Bytes that each layer hands on."""
    of = case(name).network
    found: dict[str, float] = {}
    for tensor, size in zip(of.wiring.tensors, of.bytes, strict=True):
        found[tensor.split("/")[0]] = float(size)
    return found


def _image() -> float:
    alexnet = case("AlexNet")
    return float(alexnet.sent[alexnet.network.wiring.tensors.index("input")])


def _row(values: Mapping[str, float]) -> str:
    return ", ".join(f"{k} {v:.2f}" for k, v in values.items())


def _rises(values: Sequence[float], strictly: bool = False) -> bool:
    return all(a < b * (1 - NEAR) if strictly else a <= b + NEAR for a, b in pairwise(values))


@check("alexnet-over-3g")
def _alexnet_over_3g() -> Checked:
    slow = _over("AlexNet")["3G"]
    ours = f"device {slow.alone:.3f} s, cloud alone {slow.cloud:.3f} s; the best is {slow.after}"
    return ours, slow.alone < slow.cloud, "holds"


@check("wifi-is-for-the-cloud")
def _wifi_is_for_the_cloud() -> Checked:
    sending = {link: _image() / rate for link, rate in case("AlexNet").links.items()}
    wifi = _over("AlexNet")["WiFi"]
    ours = (
        f"seconds of sending: {_row(sending)}; device {wifi.alone:.3f} s; over Wi-Fi the cloud alone {wifi.cloud:.3f} s"
    )
    return ours, min(sending["3G"], sending["LTE"]) > wifi.alone > wifi.cloud, "holds"


@check("sizes-along-alexnet")
def _sizes_along_alexnet() -> Checked:
    made = _made("AlexNet")
    grow = made["conv1"] > made["input"] and made["conv2"] > made["pool1"]
    shrink = all(made[f"pool{i}"] < made[f"conv{i}"] for i in (1, 2, 5))
    last = max(made[layer] for layer in ("pool5", "fc6", "fc7", "fc8"))
    layers = ("conv1", "pool1", "conv2", "pool2", "conv5", "pool5", "fc6")
    ours = f"AlexNet, KB: image {_image() / 8e3:.0f}, " + ", ".join(f"{n} {made[n] / 1e3:,.0f}" for n in layers)
    return ours, grow and shrink and last < _image() / 8, "holds"


@check("linear-layers-are-long")
def _linear_layers_are_long() -> Checked:
    of = case("AlexNet")
    linear = np.array([op.startswith("fc") for op in of.network.ops])
    long, rest = float(of.here[linear].sum()), float(of.here[~linear].sum())
    return f"AlexNet on the device: fc {long * 1e3:.0f} ms, all else {rest * 1e3:.0f} ms", long > rest, "holds"


@check("the-middle")
def _the_middle() -> Checked:
    over = _over("AlexNet")
    ours = "; ".join(f"{link}: {s.after}, {s.gain:.2f} times as fast as the better end" for link, s in over.items())
    return f"AlexNet: {ours}", over["WiFi"].after == "pool5" and over["WiFi"].gain > 1, "holds"


@check("energy")
def _energy() -> Checked:
    of = case("AlexNet")
    lte, wifi = (of.split(of.joules(link)) for link in ("LTE", "WiFi"))
    said = [f"{n}: cloud alone {s.cloud:.2f} J, least {s.after}" for n, s in (("LTE", lte), ("Wi-Fi", wifi))]
    ours = f"device {lte.alone:.2f} J; " + "; ".join(said)
    return ours, lte.after == "device only" and wifi.after == "cloud only", "holds"


@check("on-average")
def _on_average() -> Checked:
    gains = [[s.cloud / s.cost for s in _over(name).values()] for name in NEUROSURGEON]
    flat = [gain for row in gains for gain in row]
    ours = (
        f"never slower; most over the slowest link, for each; median {np.median(flat):.1f} times, up to {max(flat):.1f}"
    )
    return ours, min(flat) >= 1 - NEAR and all(_rises(row[::-1]) for row in gains), "not contradicted"


@check("sizes-of-yolo")
def _sizes_of_yolo() -> Checked:
    said, made = figures("dads")["yolo"], _made(YOLO)
    drawn = dict(zip(said["layers"], said["made"], strict=True)) | {"input": said["input"]}
    off = [abs(made[layer] / 2**20 / size - 1) for layer, size in drawn.items() if size]
    return f"{len(off)} tensors, at most {max(off):.1%} off", max(off) < 0.005, "holds"


def _yolo_at(rate: float) -> Split:
    of = case(YOLO)
    return of.split(of.prices(rate * _mbit()))


@check("at-4-mbps")
def _at_4_mbps() -> Checked:
    found = _yolo_at(4)
    faster = 1 - found.cost / found.cloud
    return f"{found.after}, {faster:.1%} faster", found.after == "max5" and 0.615 < faster < 0.63, "holds"


@check("at-18-mbps")
def _at_18_mbps() -> Checked:
    found = _yolo_at(18)
    return f"{found.cloud:.3f} s", abs(found.cloud - 0.59) < 0.005, "holds"


@check("best-at-18-mbps")
def _best_at_18_mbps() -> Checked:
    found = _yolo_at(18)
    return f"{found.after}, {found.cost:.3f} s", found.after == "cloud only", "holds"


@check("order-of-cuts")
def _order_of_cuts() -> Checked:
    found = turns(case(YOLO), 0.25, 40)
    ours = ", ".join(after + (f" (from {rate:.2f})" if i else "") for i, (rate, after) in enumerate(found))
    marked = [after for _, after in found if after != "max3"]
    return ours, marked == ["device only", "max5", "max4", "cloud only"], "the order holds"


@check("yolo-over-3g")
def _yolo_over_3g() -> Checked:
    found = _over(YOLO)["3G"]
    ours = f"{found.alone / found.cloud:.2f} and {found.alone / found.cost:.2f} ({found.after})"
    return ours, found.cost < found.alone < found.cloud, "the order holds"


def _over_3g(*names: str) -> Checked:
    found = [_over(name)["3G"] for name in names]
    ours = "; ".join(f"{s.alone / s.cloud:.2f} and {s.alone / s.cost:.2f} ({s.after})" for s in found)
    return ours, all(s.cost < s.cloud * (1 - NEAR) and s.cloud < s.alone for s in found), "the order holds"


@check("nin-over-3g")
def _nin_over_3g() -> Checked:
    return _over_3g("NiN")


@check("others-over-3g")
def _others_over_3g() -> Checked:
    return _over_3g("VGG-16", TOWERS, RESNET)


@check("deeper")
def _deeper() -> Checked:
    for name in DADS:
        of = case(name)
        masks = [of.split(of.prices(rate * _mbit())).device for rate in np.geomspace(0.05, 100, 40).tolist()]
        if any((fast & ~slow).any() for slow, fast in pairwise(masks)):
            return f"not on {name}", False, "not contradicted"
    return "on all five networks the device keeps what it runs when the link gets slower", True, "not contradicted"


@check("cloud-by-link")
def _cloud_by_link() -> Checked:
    said = figures("dads")["by_link"]["cloud"]
    ours = {link: s.alone / s.cloud for link, s in _over(RESNET).items()}
    off = max(abs(ours[link] / said[link] - 1) for link in said)
    return f"{_row(ours)} (at most {off:.1%} off)", off < 0.05, "holds"


@check("dads-by-link")
def _dads_by_link() -> Checked:
    ours = {link: s.alone / s.cost for link, s in _over(RESNET).items()}
    return _row(ours), _rises(list(ours.values()), strictly=True), "the order holds"


@check("gain-by-link")
def _gain_by_link() -> Checked:
    ours = {link: 1 - s.cost / s.cloud for link, s in _over(RESNET).items()}
    row = ", ".join(f"{link} {gain:.0%}" for link, gain in ours.items())
    return row, _rises([-gain for gain in ours.values()]), "not contradicted"


def _beyond(name: str, link: str, single: bool = False) -> float:
    """What the best prefix costs, as many times as the least cut."""
    of = case(name)
    return of.best_prefix(of.prices(link), single).cost / _over(name)[link].cost


@check("chains")
def _chains() -> Checked:
    names = [n for n in (*NEUROSURGEON, *DADS) if case(n).network.chain]
    worst = max(_beyond(name, link) for name in names for link in case(name).links)
    ours = f"{len(names)} chains over every link: the best prefix costs {worst:.6f} times the least cut"
    return ours, worst < 1 + NEAR, "holds"


@cache
def _against_prefixes(name: str) -> tuple[float, float, float, float, str]:
    """Where the best prefix is the furthest from the least cut: least and most times, where only one tensor may cross,
    at which Mbps, and where the least cut is then.
    """
    of, rows = case(name), []
    for rate in np.geomspace(0.05, 20, 60).tolist():
        prices = of.prices(rate * _mbit())
        least = of.split(prices)
        rows.append(
            (
                of.best_prefix(prices).cost / least.cost,
                of.best_prefix(prices, True).cost / least.cost,
                rate,
                least.after,
            )
        )
    times, _, rate, after = max(rows)
    return min(rows)[0], times, max(row[1] for row in rows), rate, after


@check("graph-of-alexnet")
def _graph_of_alexnet() -> Checked:
    least, most, single, rate, after = _against_prefixes(TOWERS)
    ours = f"up to {most:.2f} times, at {rate:.2f} Mbps (behind {after}); {single:.2f} where only one tensor may cross"
    return ours, least >= 1 - NEAR and most > 1.01, "the order holds"


@check("graph-of-resnet")
def _graph_of_resnet() -> Checked:
    least, most, single, _, _ = _against_prefixes(RESNET)
    ours = f"{most:.2f} times at most, {single:.2f} where only one tensor may cross"
    return ours, least >= 1 - NEAR and most > 1.01, "the order holds"
