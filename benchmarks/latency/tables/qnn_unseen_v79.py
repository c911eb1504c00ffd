"""A check: networks that AI Hub no longer measures, which no figure was fitted on, on the chips since 2024."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.latency.fit import Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables import _qnn
from benchmarks.latency.tables.qnn_htp_v79 import BASE
from edgeplan.cost.speeds import Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "part", "runs", "speeds", "train"]

TITLE = "QNN, networks nobody fitted (v79, v81), a check"
ABOUT = """The same networks on the Snapdragon 8 Elite, the 8 Elite Gen 5 (a chip carried over from
its edition for Galaxy) and the X2 Elite."""
REACH = {"error": 0.18, "rank": 0.85, "ordered": 0.90}
OUT = ""
PUBLISHED = True

_DEVICES = ("snapdragon-8-elite-for-galaxy", "snapdragon-8-elite-gen-5", "snapdragon-x2-elite")


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
