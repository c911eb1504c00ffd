"""Splits made by hand: a network of 120 ops between a phone and a server, as `plan_split` would give them."""

from __future__ import annotations

from dataclasses import replace
from math import exp, inf

from edgeplan.cost.estimate import Estimate
from edgeplan.finding import Evidence, Finding, Severity
from edgeplan.links.network import Network, Rate
from edgeplan.splitting.policy import Span
from edgeplan.splitting.simulate import Simulated
from edgeplan.splitting.split import Choice, CloudSummary, EncodingOffer, Point, SplitPlan, Stop
from edgeplan.splitting.way import NOTHING, Tensor, Way
from edgeplan.summary import ModelSummary, TargetSummary

__all__ = ["CLOUD", "DEVICE", "LINK", "LOGITS", "SPLIT", "about", "choice", "plan", "simulated"]


def about(seconds: float) -> Estimate:
    """A figure with a range of a fifth less to a third more."""
    return Estimate(seconds * 0.8, seconds, seconds * 1.3, "as fitted")


IMAGE = Tensor("input", "float32", (1, 3, 224, 224), 602_112, 602_112)
FEATURES = Tensor("/layer2/conv2_out", "float32", (1, 128, 28, 28), 401_408, 401_408)
LOGITS = Tensor("logits", "float32", (1, 1000), 4000, 4000)
OPS = tuple(f"/op{i}" for i in range(120))
DEVICE = Way("device", about(0.3), NOTHING, device_ops=OPS)
CLOUD = Way("cloud", NOTHING, about(0.004), (IMAGE,), (LOGITS,), (), 120)
SPLIT = Way("split", about(0.03), about(0.003), (FEATURES,), (LOGITS,), (*OPS[:23], "/layer2/conv2"), 96)
LINK = Network(
    "lte", "LTE", Rate(10e6, 30e6, 60e6), Rate(30e6, 60e6, 90e6), Rate(0.03, 0.05, 0.09), 0.01, None, "measured", 2017,
    "median and quartiles", "nobody metered its radio", (Evidence("dads", "device-measured", "5.85 Mbps", "https://a.b"),),
)  # fmt: skip


def choice(way: Way, **more: object) -> Choice:
    """A way with all its figures."""
    link = way.offloads
    parts = {
        "device": way.device,
        "up": about(8 * way.up_bytes / 30e6),
        "trip": about(0.05) if link else NOTHING,
        "cloud": way.cloud,
        "down": about(8 * way.down_bytes / 60e6),
    }
    ends = ((e.low, e.likely, e.high) for e in parts.values())
    latency = Estimate(*map(sum, zip(*ends, strict=True)), "the parts")  # type: ignore[arg-type]
    made = Choice(
        way, latency, parts, about(0.2), about(1.2) if link else NOTHING, 14_365_000 if way.kind != "cloud" else 0
    )
    return replace(made, **more)  # type: ignore[arg-type]


def _stops() -> tuple[Stop, ...]:
    found = []
    for i in range(61):
        part = i / 60
        size = int(602_112 * (4 if 0 < i < 8 else exp(-i / 12) + 0.01)) if i < 60 else 0
        link = 8 * size / 30e6 + 0.05 if i < 60 else 0.0
        here, there = 0.3 * part, 0.004 * (1 - part)
        found.append(Stop(f"/layer{i // 15}/conv{i}" if i else "", 2 * i, size, here + there + link, here, there))
    return tuple(found)


simulated = (
    Simulated("fixed", 0, 300, 0, 0, 0.3, 0.3, 0.3, 0.3, 0.3, 0, 0, 0, (1.0, 0.0, 0.0)),
    Simulated("policy", None, 300, 4, 0, 0.12, 0.1, 0.4, 0.9, 2.0, 12, 0, 9, (0.2, 0.3, 0.5)),
    Simulated("hindsight", None, 300, 4, 3, 0.11, 0.1, 0.3, None, None, 0, 1, 9, (0.2, 0.3, 0.5)),
)


def plan(**more: object) -> SplitPlan:
    """The split after /layer2/conv2, which is the best."""
    made = SplitPlan(
        ModelSummary(
            "res\x1b50[b].onnx", 102_000_000, 120, 25_500_000, 4_100_000_000, 17, {"input": "float32[1, 3, 224, 224]"},
            {"logits": "float32[1, 1000]"},
        ),
        TargetSummary("toy", "Toy Phone, Toy (2)", "T1", "toy", "2", "float16", "Run the toy."),
        CloudSummary("server-toy", "Toy Server", "toy", "3", 0.35, "an idle server"),
        LINK,
        "latency",
        (choice(DEVICE), choice(CLOUD), choice(SPLIT)),
        2,
        (),
        "least cut of 120 ops; no prefix is better",
        _stops(),
        (Span(0.0, 2.1e6, 0), Span(2.1e6, 40e6, 1), Span(40e6, inf, 2)),
        (DEVICE, SPLIT, CLOUD),
        (Point(DEVICE, 0.3, 0.2, 0.0), Point(SPLIT, 0.19, 0.3, 1.0), Point(CLOUD, 0.2, 0.5, 2.2)),
        (
            EncodingOffer("raw", 401_408, 0.107, about(0.19)),
            EncodingOffer("fp16", 200_704, 0.0535, about(0.137)),
            EncodingOffer("uint8+zlib", 100_360, 0.0268, about(0.11), False, None, "its size depends on the data"),
        ),
        (),
        (),
        ("/nms",),
        (),
        (
            Finding("EP703", Severity.NOTE, "only the cloud can run this op: Toy Phone has no unit for it", ("/nms",)),
        ),
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]
