"""The Hexagon v73 and v75 under Qualcomm's own runtime: Qualcomm AI Hub's table, float and quantised, by chip."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.latency.fit import Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables import _qnn
from benchmarks.latency.validation import Held
from edgeplan.cost.speeds import ChipSpeed, Speed

__all__ = ["ABOUT", "BASE", "DEVICES", "OUT", "REACH", "TITLE", "dress", "part", "runs", "speeds", "train"]

TITLE = "QNN, Hexagon v73 and v75"
ABOUT = """Qualcomm AI Hub Models 0.65.0 (QAIRT 2.50): the runtimes `qnn_dlc` and `qnn_context_binary`, at float, w8a8
and w8a16: phones from Snapdragon 8 Gen 2 to 8 Gen 3, a laptop, cars and boards, and the integers of v68 and v69. Left
out are runs of which a part fell back to the CPU or GPU, networks that could not be built as they were measured, and
devices whose figures are those of another one to the digit (Q-7790 as 7 Gen 4, IQ-X7181 as X Elite, SA8650P as
SA8255P). Nothing else is: neither accidents of the compiler (YOLOv9, PIDNet and DDRNet at w8a8 take 4 to 100 times what
their like do) nor networks with ops that no family describes; they are scored, though a fit does not look at what is
more than four times off. One network takes 0.83 to 1.2 times as long under ONNX Runtime as under QNN itself on the same
phone, which nothing here can tell apart."""
REACH = {"error": 0.18, "rank": 0.95, "covered": (0.75, 0.90), "ordered": 0.95}
OUT = "qnn/htp"
BASE = _qnn.Base("snapdragon-8-gen-3")
DEVICES = (
    "snapdragon-8-gen-3",
    "dragonwing-qcs8550",
    "snapdragon-x-elite",
    "snapdragon-7-gen-4",
    "dragonwing-iq-9075",
    "dragonwing-iq-8275",
    "dragonwing-q-6690",
    "sa7255p",
    "sa8255p",
    "sa8775p",
)
EARLIER = ("snapdragon-8-gen-1", "sa8295p", "dragonwing-qcs6490")
"""Chips whose integers are factors of these figures."""


part = _qnn.part


def runs() -> list[Run]:
    """Every run of AI Hub that was wholly on the HTP of these chips."""
    return [*_qnn.rows("qnn_aihub", DEVICES), *_qnn.rows("qnn_aihub", EARLIER, ("w8a8", "w8a16"))]


def speeds() -> tuple[Speed, ...]:
    """One speed a precision."""
    return _qnn.speeds(BASE)


def train(loaded: Sequence[Loaded]) -> Fitted:
    """All precisions of the base chip at once, and three factors a chip and precision."""
    return _qnn.fitted(loaded, BASE)


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """The base chip, those that were measured, and those that are carried over from them."""
    return _qnn.dressed(fitted, held, BASE, __name__)
