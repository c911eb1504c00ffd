"""The Hexagon v68 and v69 under Qualcomm's own runtime: Qualcomm AI Hub's table, float networks."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.latency.fit import Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables import _qnn
from benchmarks.latency.validation import Held
from edgeplan.cost.speeds import ChipSpeed, Speed

__all__ = ["ABOUT", "BASE", "DEVICES", "OUT", "REACH", "TITLE", "dress", "part", "runs", "speeds", "train"]

TITLE = "QNN, Hexagon v68 and v69, float16"
ABOUT = """The float networks of the same table on the chips of 2021 and 2022 that compute float16: Snapdragon 8 Gen 1
and SA8295P. They have figures of their own because activations that are no clipping (GELU, SiLU) take several times as
long there in float16 as factors of a later chip would say; at integers such factors do better, and stand with those of
v73. The XR2 Gen 2 has the Galaxy S22's figures to the digit."""
REACH = {"error": 0.18, "rank": 0.95, "covered": (0.75, 0.90), "ordered": 0.95}
OUT = "qnn/htp_v69"
BASE = _qnn.Base("snapdragon-8-gen-1", 0.45, 0.45, 1.5)
DEVICES = (
    "snapdragon-8-gen-1",
    "sa8295p",
)


part = _qnn.part


def runs() -> list[Run]:
    """Every run of a float network that was wholly on the HTP of these chips."""
    return _qnn.rows("qnn_aihub", DEVICES, ("float",))


def speeds() -> tuple[Speed, ...]:
    """One speed a precision: that of floats is fitted, the others lend it nothing here and are not written."""
    return _qnn.speeds(BASE)


def train(loaded: Sequence[Loaded]) -> Fitted:
    """The figures of the base chip, and three factors of the other."""
    return _qnn.fitted(loaded, BASE)


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """The base chip, those that were measured, and those that are carried over from them."""
    return _qnn.dressed(fitted, held, BASE, __name__)
