"""Core ML on the CPU alone at float32: iPhone 11 Pro and iPhone 7 under iOS 13, iPhones 13 Pro Max and 14."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from benchmarks.latency.fit import Factors, Fitted, Free
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables._coreml import CPU, Measured, dressed, rows, trained
from benchmarks.latency.validation import Held, spread_of
from edgeplan.cost.speeds import ChipSpeed, Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "dress", "runs", "speeds", "train"]

TITLE = "Core ML, CPU"
ABOUT = """A zoo of classic image networks (VGG, ResNet, DenseNet, MobileNetV2 in 22 sizes) on an iPhone 11 Pro and an
iPhone 7, of the NeuralNetwork format under iOS 13.5, to the millisecond; and three made-up networks on an iPhone 13 Pro
Max and an iPhone 14. What leaves one architecture out here leaves out a whole kind of work, so the errors are large:
these figures are for what the Neural Engine leaves to the CPU, not for a choice between networks on the CPU."""
REACH = {"rank": 0.95, "covered": (0.7, 0.9), "ordered": 0.95}
OUT = "coreml/cpu"

_BASE = "a13"
_SOURCE = {"coreml-model-zoo": "iPhone 11 Pro, column CPU: MobileNetV2 17, ResNet50 70, VGG16 107 ms"}
_CHIPS = {
    "a10": Measured(
        Factors(0.3, 0.5, 1.5),
        "fitted on runs on an iPhone 7",
        {"coreml-model-zoo": "iPhone 7, column CPU: MobileNetV2 30, ResNet50 186, VGG16 370 ms"},
        (0.4, 0.4, 0.3),
    ),
    "a15": Measured(
        Factors(3, 1, 0.7),
        "fitted on three made-up networks on iPhone 13 Pro Max and iPhone 14",
        {"ios-speed-test": "columns CoreML-CPU: 4.7 to 16.1 ms"},
        (0.5, 0.3, 0.3),
    ),
}
_FREE = (
    Free("0.floor", 0.5),
    Free("0.launch.*", 0.5),
    Free("0.gmacs.*", 0.25),
    Free("0.gmacs.pointwise", 0.3),
    Free("0.gmacs.depthwise", 0.4),
    Free("0.gmacs.linear", 0.3),
    Free("0.gbytes.*", 0.3),
    Free("0.gbytes.weights", 0.3),
)


def runs() -> list[Run]:
    """Float networks, placed on the CPU alone."""
    return rows("coreml_cpu", "cpu")


def speeds() -> tuple[Speed, ...]:
    """One speed."""
    return (CPU,)


def train(loaded: Sequence[Loaded]) -> Fitted:
    """The figures of the iPhone 11's chip and three factors for the two others."""
    return trained(loaded, speeds(), _FREE, _CHIPS, noise=0.15)


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """Of float16 and int8 as of float32: fewer bytes, but products take as long. One spread for all chips."""
    speed, chips = dressed(
        fitted, held, "iPhone 11 Pro and 7", __name__, _SOURCE, _BASE, "cpu", ("float32", "float16", "int8"), _CHIPS
    )
    low, high = spread_of(held)
    told = msgspec.structs.replace(speed, spread=(low, high))
    return [told], [msgspec.structs.replace(c, widen=1.2) for c in chips]
