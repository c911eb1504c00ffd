"""How well a chip's HTP is told by the figures of another one: each chip by the one that would stand for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from benchmarks.latency.fit import Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables import _qnn
from benchmarks.latency.tables.qnn_htp import BASE
from edgeplan.cost.speeds import Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "part", "runs", "speeds", "train"]

TITLE = "QNN, one chip told by another"
ABOUT = """The same rows of Qualcomm AI Hub, each chip predicted with the published figures of another chip of its
generation and class: what is said of a chip nobody measured is as good as this. The networks were fitted on, the chips
were not: the QCS8550 and the X Elite stand for each other, so do IQ-9075 and SA8775P, which stands for the SA8255P too;
the Snapdragon 8 Gen 3 stands for the 8 Elite, a generation on."""
REACH = {"rank": 0.95, "ordered": 0.95}
OUT = ""

_STANDS_FOR: Mapping[str, str] = {
    "dragonwing-qcs8550": "snapdragon-x-elite",
    "snapdragon-x-elite": "dragonwing-qcs8550",
    "dragonwing-iq-9075": "sa8775p",
    "sa8775p": "dragonwing-iq-9075",
    "sa8255p": "sa8775p",
    "snapdragon-8-elite-for-galaxy": BASE.chip,
}


def part(run: Run) -> str:
    """Which chip stands for which."""
    return f"by {run.scale.partition('/')[0]}"


def runs() -> list[Run]:
    """The rows of those chips, with the factors of the chip that stands for theirs."""
    found = _qnn.rows("qnn_aihub", _STANDS_FOR)
    return [replace(r, scale=f"{_STANDS_FOR[r.device]}/{r.scale.partition('/')[2]}") for r in found]


def speeds() -> tuple[Speed, ...]:
    """As they were fitted."""
    return _qnn.speeds(BASE)


def train(loaded: Sequence[Loaded]) -> Fitted:
    """The published figures, whatever the runs."""
    return _qnn.published(BASE)
