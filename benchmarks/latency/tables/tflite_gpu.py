"""LiteRT's GPU delegate at float16 in the years since 2023: a Galaxy S23 and automotive boards, all Adreno graphics."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.latency.dress import UNFITTED
from benchmarks.latency.fit import Factors, Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables._tflite import STRANGE, Measured, as_integers, dressed, runs_of, trained
from benchmarks.latency.validation import Held
from edgeplan.cost.speeds import ChipSpeed, Penalty, Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "dress", "runs", "speeds", "train"]

TITLE = "LiteRT, GPU delegate, float16"
ABOUT = """The GPU column of the MobileNetV4 paper (Galaxy S23) and those networks that Qualcomm AI Hub ran on the GPU
alone (SA7255P, SA8255P). FastViT takes six to ten times what its work says in the one table that has it, ConvNeXt
with the same large kernels does not. Most likely FastViT stayed on the CPU for the greater part: a large depthwise
convolution takes there what it takes here, 30 to 40 ns an element. It is held as a penalty on a large depthwise
convolution right behind another depthwise one, started at that figure; grouped cross-validation says nothing on it,
as only FastViT has it. AI Hub's quantised networks take on the GPU what the float ones take. An op that today's
delegate refuses counts as the GPU's here."""
REACH = {"rank": 0.90, "covered": (0.75, 0.90), "ordered": 0.95}
OUT = "tflite/gpu"

_BASE = "snapdragon-8-gen-2"
_TABLES = ("mobilenetv4", "aihub")
_SOURCE = {"mobilenetv4-paper": "column 'Samsung S23 GPU'"}
_START = {"sa7255p": Factors(0.15, 0.25, 3), "sa8255p": Factors(0.4, 0.5, 2)}
_CHIPS = {
    "sa7255p": Measured("networks of AI Hub that ran on its GPU alone", {"aihub-perf": "tflite, primary unit GPU"}),
    "sa8255p": Measured("two networks of AI Hub that ran on its GPU alone", {"aihub-perf": "tflite, primary unit GPU"}),
}


def runs() -> list[Run]:
    """Float networks; the delegate computes them in float16."""
    return runs_of(_TABLES, "gpu", 16)


def speeds() -> tuple[Speed, ...]:
    """One speed for the whole network: an op of today's plans that the delegate refuses ran on the GPU then."""
    return (
        Speed(
            unit=("gpu", "xnnpack", "cpu"),
            precision=("float32", "float16"),
            chips=(_BASE,),
            launch={"*": 10},
            gmacs={"*": 700, "depthwise": 60, "matmul": 100},
            gbytes={"*": 60, "weights": 30, "move": 15},
            spread=(0.8, 1.25),
            fit=UNFITTED,
            doubt=STRANGE,
            source={},
            floor=700,
            overlap=2,
            bits=16,
            fuses=("activation", "arithmetic"),
            penalty=(
                Penalty(
                    "large-depthwise-behind-depthwise",
                    ("DEPTHWISE_CONV_2D",),
                    "FastViT's blocks ran far slower than their work says, ConvNeXt's large kernels did not.",
                    {"mobilenetv4-paper": "FastViT-T8 to SA36 on the S23's GPU against ConvNext-S"},
                    when={"filter.shape[1]": {"min": 6}, "input.from": "DEPTHWISE_CONV_2D"},
                    ns_per_kb=4000,
                    scales="work",
                ),
            ),
        ),
    )


def train(loaded: Sequence[Loaded]) -> Fitted:
    """All figures, and three factors a chip."""
    return trained(loaded, speeds(), _BASE, _START)


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """Floats, and integers by them."""
    floats, chips = dressed(fitted, held, "MobileNetV4 paper, AI Hub", __name__, _SOURCE, _BASE, ("gpu",), _CHIPS)
    told = {"aihub-perf": "w8a8 on the GPU of the SA7255P and SA8255P: 1.00 to 1.02 times float"}
    return [*floats, *as_integers(floats, told)], chips
