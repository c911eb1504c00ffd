"""The answer to where a model is cut: the ways there are, the best of them, and what the answer hangs on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from edgeplan.cost.estimate import Estimate
from edgeplan.finding import Evidence, Finding
from edgeplan.links.network import Network
from edgeplan.splitting.policy import Span
from edgeplan.splitting.simulate import Simulated
from edgeplan.splitting.way import Way
from edgeplan.summary import ModelSummary, TargetSummary

__all__ = ["Choice", "CloudSummary", "EncodingOffer", "Objective", "Point", "SplitPlan", "Stop"]

Objective = Literal["latency", "energy", "cost"]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Choice:
    """A way, planned: each half as a model of its own on its side.

    `latency` is the seconds from the input to the result, with its `parts` `device`, `up`, `trip`, `cloud` and `down`;
    `energy` the joules that the device spends, radio included, and `cost` the USD that a million inferences take in the
    cloud. What is None is not known, and `why`, `energy_why` and `cost_why` say what is missing. `memory` is the
    planned peak of the device's part in bytes. `refused` says why this way is not allowed, empty where it is.
    """

    way: Way
    latency: Estimate | None
    parts: Mapping[str, Estimate]
    energy: Estimate | None
    cost: Estimate | None
    memory: int | None
    why: str = ""
    refused: str = ""
    energy_why: str = ""
    cost_why: str = ""
    expected: float | None = None

    @property
    def seconds(self) -> float | None:
        """What a run likely takes, on average where the link may be out; None where that is not known."""
        return self.expected if self.expected is not None or self.latency is None else self.latency.likely


@dataclass(frozen=True, slots=True)
class Stop:
    """A place in the order in which the ops run: the device has all up to `op`, of that many `ops`, none where empty.

    `bytes` are sent there, `seconds` is what a run takes, of which `device` and `cloud` are computed: likely figures,
    summed over ops. Infinite where the constraints forbid it.
    """

    op: str
    ops: int
    bytes: int
    seconds: float
    device: float
    cloud: float


@dataclass(frozen=True, slots=True)
class Point:
    """A way on the curve of what cannot all be had: likely seconds, joules, and USD for a million inferences."""

    way: Way
    latency: float
    energy: float | None
    cost: float | None


@dataclass(frozen=True, slots=True)
class EncodingOffer:
    """What sending the best split's tensors by an encoding takes: bytes, seconds up, and the latency of the whole.

    `snr` is what the model's outputs keep, in dB, where that was measured; infinite where nothing changes. `exact` says
    that `sent` is no upper bound.
    """

    encoding: str
    sent: int
    seconds: float
    latency: Estimate
    exact: bool = True
    snr: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class CloudSummary:
    """The other side as a report names it."""

    id: str
    title: str
    backend: str
    release: str
    price_per_hour: float | None
    basis: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class SplitPlan:
    """Where to run a model: `choices` are all on the device, all in the cloud, and the best split between, if any.

    `best` is the place of the one to take, `rivals` are those that the figures cannot tell from it. `certified` says
    how it was found. `stops` are places along the model with what cutting there takes; `spans` say which of `ways` is
    the best at which uplink; `curve` is what latency, energy and cost trade for each other; `encodings` are ways to
    send the best split's tensors, `simulated` runs over a trace. Ops that only one side can run are named, and
    `untimed` are those that are in no time, because their sizes follow from data.
    """

    model: ModelSummary
    device: TargetSummary
    cloud: CloudSummary
    network: Network
    objective: Objective
    choices: tuple[Choice, ...]
    best: int
    rivals: tuple[int, ...]
    certified: str
    stops: tuple[Stop, ...]
    spans: tuple[Span, ...]
    ways: tuple[Way, ...]
    curve: tuple[Point, ...]
    encodings: tuple[EncodingOffer, ...]
    simulated: tuple[Simulated, ...]
    device_only_ops: tuple[str, ...]
    cloud_only_ops: tuple[str, ...]
    untimed: tuple[str, ...]
    findings: tuple[Finding, ...]
    latency_budget: float | None = None
    memory_budget: int | None = None
    schema_version: int = field(default=SCHEMA_VERSION)

    @property
    def chosen(self) -> Choice:
        """The choice to take."""
        return self.choices[self.best]

    @property
    def allowed(self) -> bool:
        """Whether any way is."""
        return any(not c.refused for c in self.choices)
