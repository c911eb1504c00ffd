"""The Hexagon v79 to v85 under Qualcomm's own runtime: Qualcomm AI Hub's table, float and quantised, by chip."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.latency.fit import Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables import _qnn
from benchmarks.latency.validation import Held
from edgeplan.cost.speeds import ChipSpeed, Speed

__all__ = ["ABOUT", "BASE", "DEVICES", "OUT", "REACH", "TITLE", "dress", "part", "runs", "speeds", "train"]

TITLE = "QNN, Hexagon v79, v81 and v85"
ABOUT = """The same table as of v73 and v75, on the chips since 2024: Snapdragon 8 Elite, 8 Elite Gen 5 and X2 Elite,
and the two Gen 6, of which some ten networks were run. The Q-8750 has the Galaxy S25's figures to the digit."""
REACH = {"error": 0.18, "rank": 0.95, "covered": (0.75, 0.90), "ordered": 0.95}
OUT = "qnn/htp_v79"
BASE = _qnn.Base("snapdragon-8-elite-gen-5-for-galaxy", 1.7, 1.4, 0.8)
DEVICES = (
    "snapdragon-8-elite-gen-5-for-galaxy",
    "snapdragon-8-elite-for-galaxy",
    "snapdragon-x2-elite",
    "snapdragon-8-elite-gen-6",
    "snapdragon-8-elite-extreme-gen-6",
)


part = _qnn.part


def runs() -> list[Run]:
    """Every run of AI Hub that was wholly on the HTP of these chips."""
    return _qnn.rows("qnn_aihub", DEVICES)


def speeds() -> tuple[Speed, ...]:
    """One speed a precision."""
    return _qnn.speeds(BASE)


def train(loaded: Sequence[Loaded]) -> Fitted:
    """All precisions of the base chip at once, and three factors a chip and precision."""
    return _qnn.fitted(loaded, BASE)


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """The base chip, those that were measured, and those that are carried over from them."""
    return _qnn.dressed(fitted, held, BASE, __name__)
