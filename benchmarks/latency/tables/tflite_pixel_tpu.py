"""The Edge TPU of the Pixel 8 under TensorFlow Lite: networks of integers."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.latency.dress import UNFITTED
from benchmarks.latency.fit import Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables._tflite import STRANGE, dressed, runs_of, trained
from benchmarks.latency.validation import Held
from edgeplan.cost.speeds import ChipSpeed, Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "dress", "runs", "speeds", "train"]

TITLE = "LiteRT, Edge TPU of the Pixel 8, int8"
ABOUT = """The EdgeTPU column of the MobileNetV4 paper: a Pixel 8, whose Tensor G3 has a TPU that NNAPI drives. Every
network ran on the TPU as a whole, so the ops that NNAPI would leave to the CPU today (GELU, say) count as the TPU's.
The paper gives tenths of a millisecond: its smallest figures, 0.7 ms, are known to 7 %."""
REACH = {"rank": 0.973, "covered": (0.75, 0.90), "ordered": 0.95}
OUT = "tflite/pixel_tpu"

_BASE = "tensor-g3"


def runs() -> list[Run]:
    """Networks of integers."""
    return [r for r in runs_of(("mobilenetv4",), "nnapi", 8) if r.device == "pixel8"]


def speeds() -> tuple[Speed, ...]:
    """An activation that is an op of its own goes through memory again; a sum does not."""
    return (
        Speed(
            unit=("nnapi", "xnnpack", "cpu"),
            precision=("int8",),
            chips=(_BASE,),
            launch={"*": 2},
            gmacs={"*": 5000, "depthwise": 500, "linear": 8000},
            gbytes={"*": 60, "weights": 60, "activation": 30},
            spread=(0.8, 1.25),
            fit=UNFITTED,
            doubt=STRANGE,
            source={},
            floor=400,
            overlap=2,
            fuses=("arithmetic",),
        ),
    )


def train(loaded: Sequence[Loaded]) -> Fitted:
    """All figures."""
    return trained(loaded, speeds(), _BASE, {})


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """What NNAPI hands to the TPU."""
    source = {"mobilenetv4-paper": "column 'Pixel 8 EdgeTPU'"}
    return dressed(fitted, held, "MobileNetV4 paper", __name__, source, _BASE, ("nnapi",), {})
