"""What is asked of a split: what to make small, and what has to hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal, get_args

from edgeplan.links.trace import Trace
from edgeplan.splitting.split import Objective
from edgeplan.splitting.way import Kind

__all__ = ["Question", "SplitError"]


class SplitError(ValueError):
    """What is asked cannot be answered for this model, in one line."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is made small, and under which conditions.

    `keep_raw_input`, `min_depth` and `private_until` say what may leave the device (see `edgeplan.splitting.privacy`),
    `memory` what the device's part may take there, in bytes. `result` is where the outputs are needed. `encoding` is
    how tensors are sent. `outage` is the part of requests that find no link: the device waits `timeout` seconds for an
    answer and then runs the whole model. `latency` is a budget in seconds for the likely latency: of the ways that keep
    it the objective chooses. A `trace` is run over with a request every `every` seconds (None: one after the other's
    likely time).
    """

    objective: Objective = "latency"
    keep_raw_input: bool = False
    min_depth: int = 0
    private_until: str | None = None
    memory: int | None = None
    result: Literal["device", "cloud"] = "device"
    encoding: str = "raw"
    outage: float = 0.0
    timeout: float | None = None
    latency: float | None = None
    trace: Trace | None = None
    every: float | None = None
    input_bytes: Mapping[str, int] = field(default_factory=dict)
    way: Kind | None = None

    def __post_init__(self) -> None:
        if self.objective not in get_args(Objective):
            raise SplitError(f"no objective {self.objective!r}; there are {', '.join(get_args(Objective))}")
        if self.result not in ("device", "cloud"):
            raise SplitError(f"a result is needed on the device or in the cloud, not {self.result!r}")
        if self.way is not None and self.way not in get_args(Kind):
            raise SplitError(f"no way {self.way!r}; there are {', '.join(get_args(Kind))}")
        if not 0 <= self.outage < 1:
            raise SplitError(f"an outage is a part of the requests, 0 to below 1, not {self.outage:g}")
        if self.outage and self.timeout is None:
            raise SplitError("with an outage say how long the device waits before it runs the model itself: a timeout")
        if self.outage and self.objective == "energy":
            raise SplitError("with an outage no energy is known: nobody says what a radio draws while it has no link")
        for name, value in (("timeout", self.timeout), ("latency", self.latency), ("every", self.every)):
            if value is not None and not (isfinite(value) and value > 0):
                raise SplitError(f"{name} is a time above 0, not {value:g} s")
        if self.min_depth < 0:
            raise SplitError(f"a depth is 0 or more, not {self.min_depth}")
        for name, size in self.input_bytes.items():
            if size <= 0:
                raise SplitError(f"the input {name!r} takes more than {size} bytes on the way")
        if self.memory is not None and self.memory <= 0:
            raise SplitError(f"a memory is above 0 bytes, not {self.memory}")
