"""Each Jetson module predicted by its data sheet and by the runs of the other modules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.latency.fit import Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables import tensorrt_gpu
from benchmarks.latency.tables._jetson import BASE, lanes, train_on
from edgeplan.cost.speeds import Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "runs", "speeds", "train"]

TITLE = "Jetson GPUs, TensorRT: modules nobody measured"
ABOUT = """The same runs as of the Jetson GPUs, with modules held out instead of networks: all runs of a module, in all
its power modes, are predicted from multiprocessors, clock and bandwidth (`tables/_jetson.py`) and the runs of the
other modules. This is how far a module that is carried over may be trusted; no figures are written from it."""
REACH = {"error": 0.20, "covered": (0.75, 0.95), "ordered": 0.95}
OUT = ""


def speeds() -> tuple[Speed, ...]:
    """Where the fit starts."""
    return lanes()


def runs() -> list[Run]:
    """One group a module; AGX Orin 64GB is the base and stays."""
    return [replace(r, group=r.device) for r in tensorrt_gpu.runs() if r.device != "jetson-agx-thor"]


def train(loaded: Sequence[Loaded]) -> Fitted:
    """As for the GPUs: what has no runs keeps the factors of its data sheet."""
    return train_on(loaded, lanes(), dict.fromkeys(r.scale for r in runs() if r.scale != BASE))
