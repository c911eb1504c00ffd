"""A check: networks that AI Hub no longer measures, which no figure was fitted on, on the chips of 2023."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.latency.fit import Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables import _qnn
from benchmarks.latency.tables.qnn_htp import BASE
from edgeplan.cost.speeds import Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "part", "runs", "speeds", "train"]

TITLE = "QNN, networks nobody fitted, a check"
ABOUT = """Twenty networks of Qualcomm AI Hub Models 0.47.0 (QAIRT 2.43), of seventeen families, that 0.65.0 has no
more: no figure was fitted on them. That a shuffle of channels is one op was learnt from two of them, LiteHRNet and
ShuffleNetV2. Token-by-token transformers at float (SegFormer: four times what is said), hundreds of tiny kernels
(LiteHRNet: half), a face detector of one grey channel (3.5 times) and concatenations of integers (DenseNet at w8a8:
twice) are what is wrong. On one device the same network differs by up to 25 % between the two releases."""
REACH = {"error": 0.18, "rank": 0.90, "ordered": 0.92}
OUT = """Twenty networks of Qualcomm AI Hub Models 0.47.0 (QAIRT 2.43), of seventeen families, that 0.65.0 has no
more: nothing here was fitted on them. Token-by-token transformers at float (SegFormer: five times what is said), what
shuffles channels (LiteHRNet, ShuffleNetV2: 0.35 and 0.7 times), a face detector of one grey channel (2.5 times) and
concatenations of integers (DenseNet: twice) are what is wrong; of the others the median error is 10 %. On one device
the same network differs by up to 25 % between the two releases."""
REACH = {"error": 0.18, "rank": 0.85, "ordered": 0.90}
OUT = ""
PUBLISHED = True

_DEVICES = (
    "snapdragon-8-gen-3",
    "dragonwing-qcs8550",
    "dragonwing-iq-9075",
    "sa7255p",
    "sa8775p",
    "snapdragon-x-elite",
)


part = _qnn.part


def runs() -> list[Run]:
    """Every run of AI Hub that was wholly on the HTP of these chips."""
    return _qnn.rows("qnn_aihub_047", _DEVICES)


def speeds() -> tuple[Speed, ...]:
    """The form of the fit."""
    return _qnn.speeds(BASE)


def train(loaded: Sequence[Loaded]) -> Fitted:
    """The published figures, whatever the runs."""
    return _qnn.published(BASE)
