"""TensorFlow Lite's GPU delegate of 2019 and 2020 at float16: Pixel 3, Pixel 4 and an iPhone XS."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.latency.dress import UNFITTED
from benchmarks.latency.fit import Factors, Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables._tflite import STRANGE, Measured, as_integers, dressed, runs_of, trained
from benchmarks.latency.validation import Held
from edgeplan.cost.speeds import ChipSpeed, Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "dress", "runs", "speeds", "train"]

TITLE = "LiteRT, GPU delegate of 2019 and 2020, float16"
ABOUT = """TensorFlow's list of hosted models and its performance page (Pixel 3, iPhone XS) and EfficientNet-lite's
page (Pixel 4). The pages were written over two years, while the delegate went from OpenGL to OpenCL, and do not agree
with each other: MobileNetV1 at 128 pixels and a quarter of its width takes 1.6 ms, the much like MnasNet at half of
its width 5.9 ms. The performance page's GPU figures of the Pixel 4 are left out: they are slower than its Pixel 3,
and three times what EfficientNet-lite's page has. Newer releases are likely faster on these phones, which the wide
range has to hold."""
REACH = {"covered": (0.75, 0.90)}
OUT = "tflite/gpu_2020"

_BASE = "snapdragon-845"
_START = {"a12": Factors(1.8, 1.5, 1.0), "snapdragon-855": Factors(1.3, 1.3, 1.0)}
_CHIPS = {
    "snapdragon-855": Measured(
        "five networks of EfficientNet-lite's page on a Pixel 4", {"efficientnet-lite": "'FP16 GPU latency', Pixel 4"}
    ),
    "a12": Measured("runs of TensorFlow's performance page on an iPhone XS", {"tflite-measurement": "iPhone XS, GPU"}),
}


def runs() -> list[Run]:
    """Float networks; the delegate computes them in float16."""
    return runs_of(("hosted", "efficientnet_lite"), "gpu", 16)


def speeds() -> tuple[Speed, ...]:
    """One speed for the whole network: an op of today's plans that the delegate refuses ran on the GPU then."""
    return (
        Speed(
            unit=("gpu", "xnnpack", "cpu"),
            precision=("float32", "float16"),
            chips=(_BASE,),
            launch={"*": 25},
            gmacs={"*": 200, "depthwise": 40},
            gbytes={"*": 15, "weights": 10},
            spread=(0.7, 1.4),
            fit=UNFITTED,
            doubt=STRANGE | {"matmul": 1.3, "softmax": 1.3},
            source={},
            floor=800,
            overlap=2,
            bits=16,
            fuses=("activation", "arithmetic"),
        ),
    )


def train(loaded: Sequence[Loaded]) -> Fitted:
    """All figures, and three factors a chip."""
    return trained(loaded, speeds(), _BASE, _START, 0.3)


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """The spread holds nine in ten of the held-out runs: the pages contradict each other more than networks differ."""
    source = {"tflite-hosted": "column GPU, Pixel 3"}
    ratios = sorted(h.ratio for h in held)
    spread = ratios[len(ratios) // 20], ratios[-1 - len(ratios) // 20]
    floats, chips = dressed(fitted, held, "TensorFlow's pages", __name__, source, _BASE, ("gpu",), _CHIPS, spread)
    return [*floats, *as_integers(floats)], chips
