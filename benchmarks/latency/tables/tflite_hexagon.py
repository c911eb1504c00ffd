"""TensorFlow Lite's Hexagon delegate: networks of integers on the DSP of the Pixel 4."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.latency.dress import UNFITTED
from benchmarks.latency.fit import Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables._tflite import STRANGE, dressed, runs_of, trained
from benchmarks.latency.validation import Held
from edgeplan.cost.speeds import ChipSpeed, Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "dress", "runs", "speeds", "train"]

TITLE = "LiteRT, Hexagon delegate, int8"
ABOUT = """The Hexagon column of the MobileNetV4 paper: a Pixel 4, whose Snapdragon 855 has a v66 DSP. The paper's
networks with GELU or attention failed there and are not in it. The ops that today's delegate would leave to the CPU
count as the DSP's: the published time is that of a network the paper's authors had made to fit."""
REACH = {"rank": 0.962, "covered": (0.75, 0.90), "ordered": 0.95}
OUT = "tflite/hexagon"

_BASE = "snapdragon-855"


def runs() -> list[Run]:
    """Networks of integers."""
    return runs_of(("mobilenetv4",), "hexagon", 8)


def speeds() -> tuple[Speed, ...]:
    """The DSP has no cache to speak of for activations: depthwise convolutions run at a tenth of the rate of others."""
    return (
        Speed(
            unit=("hexagon", "xnnpack", "cpu"),
            precision=("int8",),
            chips=(_BASE,),
            launch={"*": 15},
            gmacs={"*": 600, "depthwise": 60},
            gbytes={"*": 6, "weights": 10},
            spread=(0.8, 1.25),
            fit=UNFITTED,
            doubt=STRANGE | {"matmul": 1.5, "softmax": 1.5},
            source={},
            floor=500,
            overlap=2,
            fuses=("activation",),
        ),
    )


def train(loaded: Sequence[Loaded]) -> Fitted:
    """All figures."""
    return trained(loaded, speeds(), _BASE, {})


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """The delegate's own ops alone."""
    source = {"mobilenetv4-paper": "column 'Pixel 4 Hexagon DSP'"}
    return dressed(fitted, held, "MobileNetV4 paper", __name__, source, _BASE, ("hexagon",), {})
