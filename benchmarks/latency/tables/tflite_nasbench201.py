"""A check: networks of NAS-Bench-201 on a Raspberry Pi 4 and a Pixel 3, none of which any figure was fitted on."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.latency.dress import published
from benchmarks.latency.fit import Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables._tflite import runs_of
from edgeplan.cost.speeds import Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "runs", "speeds", "train"]

TITLE = "LiteRT, CPU, float32: NAS-Bench-201, a check"
ABOUT = """Latencies that HW-NAS-Bench took on a Raspberry Pi 4 and a Pixel 3, as the HELP repository has them, of the
networks without a `none` edge (a converter prunes what hangs on such an edge; the exported files do not). The
published figures stand as they are: nothing is fitted here. The times are two to three and a half times ours, which
is what one thread of a release without XNNPACK takes against four with it; what counts is the order."""
REACH = {"rank": 0.90, "ordered": 0.95}
OUT = ""
PUBLISHED = True


def runs() -> list[Run]:
    """Networks of 32 by 32 pixels and 15 cells each."""
    return runs_of(("nasbench201",), "xnnpack", 32)


def speeds() -> tuple[Speed, ...]:
    """The published ones."""
    return published("tflite", "xnnpack", "float32").speeds


def train(loaded: Sequence[Loaded]) -> Fitted:
    """The published figures, whatever the runs."""
    return published("tflite", "xnnpack", "float32")
