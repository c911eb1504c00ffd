"""XNNPACK at float32: phones with two or four threads, Raspberry Pis with all cores."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.latency.dress import UNFITTED
from benchmarks.latency.fit import Factors, Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables._tflite import STRANGE, Measured, dressed, runs_of, trained
from benchmarks.latency.validation import Held
from edgeplan.cost.speeds import ChipSpeed, Penalty, Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "dress", "runs", "speeds", "train"]

TITLE = "LiteRT, CPU, float32"
ABOUT = """TensorFlow's list of hosted models and its performance page (Pixel 3 and Pixel 4, four threads; iPhone XS,
two), EfficientNet-lite's page (Pixel 4, four threads) and XNNPACK's own table (Raspberry Pi 3B+ and 4, all cores;
Pixel 3a, its two big ones) and N. Tsukamoto's runs of EfficientDet-Lite (Raspberry Pi 4 and 5, four threads). The
older pages are of releases before XNNPACK was the default; the pages agree where they share a network. What Qualcomm
AI Hub ran on the CPU alone is left out: recurrent networks and detection transformers, threads not told. No float
network with a large depthwise convolution was measured: the time an element of one takes is taken over from the
quantised ones. Before the runs of EfficientDet-Lite were added, the fit of all others said those of the Raspberry Pi
4 to within 4 to 15 %, and those of the Raspberry Pi 5, carried over from the Pixel 4's cores, 14 to 40 % too
short."""
REACH = {"rank": 0.90, "covered": (0.75, 0.90), "ordered": 0.95}
OUT = "tflite/cpu_float"

_BASE = "snapdragon-845"
_THREADS = "Four threads on the Pixel 3 and 4, two on the Pixel 3a and the iPhone XS, all cores of a Raspberry Pi."
_START = {
    "snapdragon-855": Factors(1.8, 1.8, 0.9),
    "a12": Factors(1.8, 1.5, 0.9),
    "snapdragon-670": Factors(0.5, 0.7, 1.2),
    "bcm2711": Factors(0.3, 0.6, 1.5),
    "bcm2712": Factors(1.4, 1.0, 0.9),
    "bcm2837": Factors(0.2, 0.4, 2.0),
}
_CHIPS = {
    "snapdragon-855": Measured(
        "ten networks of TensorFlow's and EfficientNet-lite's pages on a Pixel 4, four threads",
        {"tflite-measurement": "Pixel 4, CPU, 4 threads", "efficientnet-lite": "'FP32 CPU latency', 4 threads"},
    ),
    "a12": Measured(
        "five networks of TensorFlow's page on an iPhone XS, two threads",
        {"tflite-measurement": "iPhone XS, 2 threads"},
    ),
    "snapdragon-670": Measured(
        "four networks of XNNPACK's table on a Pixel 3a, two threads",
        {"xnnpack-readme": "multi-threaded, 'Pixel 3a, ms'"},
    ),
    "bcm2711": Measured(
        "four networks of XNNPACK's table and six EfficientDet-Lite on a Raspberry Pi 4, four threads, 64 bit",
        {"xnnpack-readme": "'RPi 4 (BCM2711, ARM64)'", "tsukamoto": "FP32, 4 threads, Raspberry Pi 4"},
    ),
    "bcm2712": Measured(
        "six EfficientDet-Lite on a Raspberry Pi 5, four threads", {"tsukamoto": "FP32, 4 threads, Raspberry Pi 5"}
    ),
    "bcm2837": Measured(
        "four networks of XNNPACK's table on a Raspberry Pi 3B+, four threads, 32 bit",
        {"xnnpack-readme": "'RPi 3+ (BCM2837B0)'"},
    ),
}


def runs() -> list[Run]:
    """Float networks."""
    return runs_of(("hosted", "efficientnet_lite", "xnnpack", "raspberry_pi"), "xnnpack", 32)


def speeds() -> tuple[Speed, ...]:
    """The built-in kernels, too: they take what is left of a float network, which is little."""
    return (
        Speed(
            unit=("xnnpack", "cpu"),
            precision=("float32", "float16"),
            chips=(_BASE,),
            launch={"*": 5},
            gmacs={"*": 28, "depthwise": 7},
            gbytes={"*": 7, "weights": 10},
            spread=(0.8, 1.25),
            fit=UNFITTED,
            doubt=STRANGE | {"matmul": 1.3, "softmax": 1.3},
            source={},
            floor=50,
            overlap=2,
            fuses=("activation",),
            note=_THREADS,
            penalty=(
                Penalty(
                    "large-depthwise",
                    ("DEPTHWISE_CONV_2D",),
                    "XNNPACK's depthwise kernels go up to 5x5: a larger one runs as groups of one channel.",
                    {
                        "xnnpack-kernels": "dwconv-config.c: f32 tiles of 3, 4, 9 and 25 taps, as for int8",
                        "mobilenetv4-paper": "35 ns an element at int8, FastViT and ConvNext on the Pixel 6",
                    },
                    when={"filter.shape[1]": {"min": 6}},
                    ns_per_kb=4000,
                    scales="work",
                ),
            ),
        ),
    )


def train(loaded: Sequence[Loaded]) -> Fitted:
    """All figures, and three factors a chip."""
    return trained(loaded, speeds(), _BASE, _START, 0.3)


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """As fitted."""
    source = {"tflite-hosted": "CPU, 4 threads"}
    found = "TensorFlow's and XNNPACK's pages"
    return dressed(fitted, held, found, __name__, source, _BASE, ("xnnpack", "cpu"), _CHIPS)
