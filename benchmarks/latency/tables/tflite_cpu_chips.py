"""A check: the CPU's float runs again, with chips held out instead of networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.latency.fit import Factors, Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables import tflite_cpu_float
from benchmarks.latency.tables._tflite import trained

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "runs", "speeds", "train"]

TITLE = "LiteRT, CPU, float32: chips nobody measured"
ABOUT = """The runs of the table before, all those of a chip predicted from the runs of the others, from the kind,
number and clock of its cores and its memory: a Raspberry Pi 5 from the Pixel 4 (four Cortex-A76 each), a Pixel 4 and
a Pixel 3a from the Pixel 3, a Raspberry Pi 3B+ from a Raspberry Pi 4, the Pixel 3 from all of them. This is how far a
chip that is carried over may be trusted; no figures are written from it."""
REACH = {"rank": 0.90, "ordered": 0.95}
OUT = ""

_BASE = "snapdragon-845"
_BY_CORES = {
    "snapdragon-855": (_BASE, Factors(1.5, 1.3, 0.9)),
    "snapdragon-670": (_BASE, Factors(0.4, 0.8, 1.25)),
    "bcm2712": ("snapdragon-855", Factors(0.95, 0.6, 1.3)),
    "bcm2837": ("bcm2711", Factors(0.56, 0.6, 1.4)),
    "bcm2711": (_BASE, Factors(0.36, 0.5, 1.7)),
}
"""By another one: four A76 at 2.84 and 2.42 GHz for four A75 at 2.5; two for four, at 2.0 GHz; A53 for A72."""


def runs() -> list[Run]:
    """A group is a device's runs; the iPhone XS has no like."""
    return [replace(r, group=r.device) for r in tflite_cpu_float.runs() if r.device != "iphonexs"]


speeds = tflite_cpu_float.speeds


def train(loaded: Sequence[Loaded]) -> Fitted:
    """Fitted on the chips at hand; the others by their cores."""
    found = trained(loaded, speeds(), _BASE, {c: f for c, (_, f) in _BY_CORES.items()}, 0.3)
    known = {_BASE: Factors(), **found.chips}
    for chip, (like, by) in _BY_CORES.items():
        if chip not in known:
            of = known[like]
            known[chip] = Factors(of.work * by.work, of.traffic * by.traffic, of.fixed * by.fixed)
    return replace(found, chips=known)
