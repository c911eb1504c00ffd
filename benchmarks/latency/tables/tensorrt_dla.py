"""NVIDIA's throughputs of the two DLA cores of AGX Orin, INT8."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from benchmarks.latency.dress import UNFITTED, record
from benchmarks.latency.fit import Fitted, Free, fit
from benchmarks.latency.runs import Loaded, Run, measured
from benchmarks.latency.tables._jetson import BASE, lanes
from benchmarks.latency.validation import Held, spread_of
from edgeplan.cost.speeds import ChipSpeed, Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "dress", "runs", "speeds", "train"]

TITLE = "DLA of AGX Orin, TensorRT, int8"
ABOUT = """Images a second on both DLA cores of AGX Orin 64GB at MAXN, dense INT8, as NVIDIA publishes them for six
networks (Deep-Learning-Accelerator-SW, JetPack 5.1.1). Two cores work side by side, so one image takes a core twice
the time between two. Its few ops that only the GPU takes count with the GPU's figures, hand-overs not at all: the
networks were made so that they have none to speak of. FP16 and the sparse rows were left out."""
REACH = {"covered": (0.65, 1.0), "ordered": 0.9}
OUT = "tensorrt/dla"

_CORES = 2


def speeds() -> tuple[Speed, ...]:
    """Where the fit starts: two thirds of a core's dense peak (105 TOPS sparse for two), a third of the bandwidth."""
    dla = Speed(
        unit=("dla",),
        precision=("int8",),
        chips=(BASE,),
        launch={"*": 5},
        gmacs={"*": 9000},
        gbytes={"*": 60, "weights": 60},
        spread=(0.5, 2.0),
        fit=UNFITTED,
        source={},
        floor=100,
        overlap=2,
        fuses=("activation", "arithmetic"),
        gates=False,
    )
    return dla, *lanes()


def runs() -> list[Run]:
    """One row a network."""
    return [
        Run(
            "dla",
            r["model"],
            r["file"],
            r["group"],
            BASE,
            "tensorrt",
            int(r["images"]) * _CORES / float(r["images_a_second"]),
            "8.5",
            assume="w8a8",
            use=("dla",),
        )
        for r in measured("tensorrt_dla")
    ]


def train(loaded: Sequence[Loaded]) -> Fitted:
    """Three figures for six networks; the GPU's stay."""
    free = [
        Free("0.launch.*", 0.5),
        Free("0.gmacs.*", 0.3),
        Free("0.gbytes.*", 0.3, also=("0.gbytes.weights",)),
    ]
    return fit(loaded, speeds(), free, noise=0.1)


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """The DLA alone."""
    low, high = spread_of(held)
    return [
        msgspec.structs.replace(
            fitted.speeds[0],
            spread=(min(low, 0.75), max(high, 1.35)),
            doubt={"depthwise": 1.3, "deconv": 1.5, "resize": 1.3, "softmax": 1.5, "pool": 1.2},
            fit=record(held, "measured/tensorrt_dla.csv", __name__),
            source={"dla-sw-times": "DLA throughput, dense, MAXN: images/s of two DLA cores"},
            note="One core while the other is as busy. Without the hand-overs to the GPU.",
        )
    ], []
