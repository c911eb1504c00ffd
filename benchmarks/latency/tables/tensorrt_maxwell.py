"""torchvision's classifiers and EfficientViT on the GPU of Jetson Nano, a Maxwell without tensor cores."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from benchmarks.latency.dress import UNFITTED, record
from benchmarks.latency.fit import Fitted, Free, fit
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables._jetson import lane_of, lanes, rows, weights
from benchmarks.latency.validation import Held
from edgeplan.cost.speeds import Align, ChipSpeed, Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "dress", "runs", "speeds", "train"]

TITLE = "Jetson Nano, TensorRT"
ABOUT = """AlexNet, SqueezeNet, ResNet, DenseNet and VGG of torchvision in FP16 (NVIDIA's torch2trt, TensorRT 5),
EfficientViT-B1 to B3 in FP16 (MIT, data transfer included) and ResNets in FP32 and FP16 (kentaroy47) on Jetson Nano at
921 MHz. Maxwell has no tensor cores, no TF32 and no INT8, so nothing of the other modules carries over. The figures of
TensorRT 5 to 7 stand for 8.0 to 8.2 as well, with the range that the labs differ by. Depthwise convolution is a hundred
times slower there than a dense one, as EfficientViT alone shows: held out, it is 1.8 times slower than predicted."""
REACH = {"covered": (0.75, 0.95), "ordered": 0.95}
OUT = "tensorrt/maxwell"


def speeds() -> tuple[Speed, ...]:
    """Where the fit starts: half of the stated peak, half of the bandwidth."""
    return tuple(
        msgspec.structs.replace(
            lane,
            chips=("jetson-nano",),
            launch={"*": 20},
            gmacs={"*": gmacs, "depthwise": gmacs / 15},
            gbytes={"*": 12, "weights": 14},
            floor=300,
            align=Align(),
            fuses=("activation", "arithmetic"),
            gates=False,
            fit=UNFITTED,
        )
        for lane, gmacs in zip(lanes(), (150, 90), strict=False)
    )


def runs() -> list[Run]:
    """The rows of Jetson Nano."""
    return rows(("float16", "float32"), only="jetson-nano")


def train(loaded: Sequence[Loaded]) -> Fitted:
    """Six figures for FP16, depthwise convolution apart; FP32 only has a rate of work of its own."""
    free = [
        Free("0.floor", 0.5, also=("1.floor",)),
        Free("0.launch.*", 0.5, also=("1.launch.*",)),
        Free("0.gmacs.*", 0.3),
        Free("0.gbytes.*", 0.3, also=("1.gbytes.*",)),
        Free("0.gbytes.weights", 0.2, also=("1.gbytes.weights",)),
        Free("1.gmacs.*", 0.3),
        Free("0.gmacs.depthwise", 0.5, also=("1.gmacs.depthwise",)),
    ]
    return fit(loaded, speeds(), free, noise=0.15, weights=weights(loaded))


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """FP16 and FP32, with one range."""
    low, high = _range(held)
    source = {
        "torch2trt-times": "docs/benchmarks/jetson_nano.md, Latency (TensorRT)",
        "efficientvit": "Jetson Nano (bs1)",
        "kentaroy47": "Hardware: Jetson Nano",
    }
    found = []
    for speed in fitted.speeds:
        mine = [h for h in held if lane_of(h.loaded.run) == speed.precision[0]]
        told = record(mine, "measured/tensorrt_jetson.csv", __name__)
        found.append(msgspec.structs.replace(speed, spread=(low, high), fit=told, source=source, doubt=_DOUBT))
    return found, []


def _range(held: Sequence[Held]) -> tuple[float, float]:
    """What holds the middle run of each architecture, with 15 % to spare: too few for quantiles of quantiles."""
    groups: dict[str, list[float]] = {}
    for h in held:
        groups.setdefault(h.loaded.run.group, []).append(h.ratio)
    middle = [sorted(ratios)[len(ratios) // 2] for ratios in groups.values()]
    return min(middle) * 0.85, max(middle) * 1.15


_DOUBT = {"recurrent": 2.0, "sort": 1.5, "deconv": 1.3, "depthwise": 1.2, "matmul": 1.2}
