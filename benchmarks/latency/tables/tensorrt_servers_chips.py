"""A check: each server's card predicted by its data sheet and by the runs of the other cards."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.latency.runs import Run
from benchmarks.latency.tables import tensorrt_servers

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "runs", "speeds", "train"]

TITLE = "Servers' GPUs, TensorRT: cards nobody measured"
ABOUT = """The runs of the table before, with cards held out instead of networks: all of a card's are predicted from
its peak rate and bandwidth against the T4's (`SHEETS` of `tables/tensorrt_servers.py`) and the runs of the others.
This is how far a card that is carried over may be trusted; no figures are written from it."""
REACH = {"ordered": 0.90}
OUT = ""


def runs() -> list[Run]:
    """One group a card, the T4 too: the others then say where it lies."""
    return [replace(r, group=r.device) for r in tensorrt_servers.runs()]


speeds = tensorrt_servers.speeds
train = tensorrt_servers.train
