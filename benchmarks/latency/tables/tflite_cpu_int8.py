"""XNNPACK and the built-in kernels at int8: one big core of the Pixel 6 and the Galaxy S23, and others' threads."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.latency.dress import UNFITTED
from benchmarks.latency.fit import Factors, Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables._tflite import STRANGE, Measured, dressed, runs_of, trained
from benchmarks.latency.validation import Held
from edgeplan.cost.speeds import ChipSpeed, Penalty, Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "dress", "runs", "speeds", "train"]

TITLE = "LiteRT, CPU, int8"
ABOUT = """The CPU columns of the MobileNetV4 paper (Pixel 6, Galaxy S23), TensorFlow's list of hosted models and its
performance page (Pixel 3 and Pixel 4, four threads; iPhone XS, two), EfficientNet-lite's page (Pixel 4, four threads)
and XNNPACK's own table (Raspberry Pi 3B+ and 4, all cores) and N. Tsukamoto's runs of EfficientDet-Lite (Raspberry Pi
4 and 5, four threads). The paper names no number of threads; its rates are those of one big core (93 GMAC/s in
MobileNetV1 on a 2.8 GHz Cortex-X1, whose four vector units could do 179). XNNPACK has no fast kernel for a depthwise
convolution larger than 5x5, which is why FastViT and ConvNeXt take three times what their multiply-accumulates say;
that is a penalty on those layers."""
REACH = {"rank": 0.96, "covered": (0.75, 0.90), "ordered": 0.95}
OUT = "tflite/cpu_int8"

_BASE = "tensor"
_TABLES = ("mobilenetv4", "hosted", "efficientnet_lite", "xnnpack", "raspberry_pi")
_START = {
    "snapdragon-8-gen-2": Factors(1.5, 1.3, 0.8),
    "snapdragon-845": Factors(0.4, 0.7, 1.0),
    "snapdragon-855": Factors(1.2, 1.2, 0.9),
    "a12": Factors(0.6, 1.0, 0.9),
    "bcm2711": Factors(0.25, 0.4, 2.0),
    "bcm2712": Factors(1.3, 0.6, 1.2),
    "bcm2837": Factors(0.14, 0.25, 3.0),
}
_THREADS = (
    "One big core of a phone; four threads on the Pixel 3 and 4, two on the iPhone XS, all cores of a Raspberry Pi."
)
_FIRM = {"1.gbytes.activation": 0.2}
"""A look-up costs what memory does: it takes more than two networks to say otherwise."""
_CHIPS = {
    "snapdragon-8-gen-2": Measured(
        "22 networks of the MobileNetV4 paper on a Galaxy S23, one big core",
        {"mobilenetv4-paper": "column 'Samsung S23 CPU'"},
    ),
    "snapdragon-845": Measured(
        "21 of TensorFlow's hosted models on a Pixel 3, four threads", {"tflite-hosted": "CPU, 4 threads"}
    ),
    "snapdragon-855": Measured(
        "six networks of TensorFlow's and EfficientNet-lite's pages on a Pixel 4, four threads",
        {"tflite-measurement": "Pixel 4, CPU, 4 threads", "efficientnet-lite": "'INT8 CPU latency', 4 threads"},
    ),
    "a12": Measured(
        "one network of TensorFlow's page on an iPhone XS, two threads", {"tflite-measurement": "iPhone XS"}
    ),
    "bcm2711": Measured(
        "two networks of XNNPACK's table and six EfficientDet-Lite on a Raspberry Pi 4, four threads, 64 bit",
        {"xnnpack-readme": "'RPi 4 (BCM2711, ARM64)'", "tsukamoto": "INT8, 4 threads, Raspberry Pi 4"},
    ),
    "bcm2712": Measured(
        "six EfficientDet-Lite on a Raspberry Pi 5, four threads", {"tsukamoto": "INT8, 4 threads, Raspberry Pi 5"}
    ),
    "bcm2837": Measured(
        "two networks of XNNPACK's table on a Raspberry Pi 3B+, four threads, 32 bit",
        {"xnnpack-readme": "'RPi 3+ (BCM2837B0)'"},
    ),
}


def runs() -> list[Run]:
    """Networks of integers."""
    return runs_of(_TABLES, "xnnpack", 8)


def speeds() -> tuple[Speed, ...]:
    """XNNPACK, and the built-in kernels for what it does not take: activations by a table, divisions, roots."""
    common = {
        "spread": (0.8, 1.25),
        "fit": UNFITTED,
        "source": {},
        "overlap": 2.0,
        "precision": ("int8",),
        "doubt": STRANGE,
        "note": _THREADS,
    }
    return (
        Speed(
            unit=("xnnpack",),
            chips=(_BASE,),
            launch={"*": 3},
            gmacs={"*": 100, "depthwise": 20, "matmul": 40, "linear": 80},
            gbytes={"*": 8, "weights": 15, "move": 4},
            floor=50,
            fuses=("activation",),
            penalty=(
                Penalty(
                    "large-depthwise",
                    ("DEPTHWISE_CONV_2D",),
                    "XNNPACK's quantised depthwise kernels go up to 5x5: a larger one runs as groups of one channel.",
                    {
                        "xnnpack-kernels": "dwconv-config.c: tiles of 3, 9 and 25 taps",
                        "mobilenetv4-paper": "FastViT, ConvNext",
                    },
                    when={"filter.shape[1]": {"min": 6}},
                    ns_per_kb=18000,
                    scales="work",
                ),
            ),
            **common,
        ),
        Speed(
            unit=("cpu",),
            chips=(_BASE,),
            launch={"*": 3},
            gmacs={"*": 12},
            gbytes={"*": 1, "weights": 5, "activation": 8, "move": 2, "softmax": 3},
            floor=1,
            penalty=(
                Penalty(
                    "hard-swish",
                    ("HARD_SWISH",),
                    "The built-in kernel computes it in fixed point, element by element, where others look it up.",
                    {"kernels": "activations.cc: HardSwishEval, optimized_ops::HardSwish; Gelu: EvalUsingLookupTable"},
                    ns_per_kb=1000,
                    scales="work",
                ),
            ),
            **common,
        ),
    )


def train(loaded: Sequence[Loaded]) -> Fitted:
    """All figures, and three factors a chip."""
    return trained(loaded, speeds(), _BASE, _START, 0.3, _FIRM)


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """As fitted."""
    source = {"mobilenetv4-paper": "column 'Pixel 6 CPU'"}
    found = "MobileNetV4 paper, TensorFlow's, XNNPACK's"
    return dressed(fitted, held, found, __name__, source, _BASE, ("xnnpack", "cpu"), _CHIPS)
