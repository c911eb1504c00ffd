"""The Neural Engine's tables once more, each lab's left out as a whole: what another lab measures of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.latency.fit import Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables import coreml_ane
from edgeplan.cost.speeds import Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "runs", "speeds", "train"]

TITLE = "Core ML, Neural Engine, lab by lab"
ABOUT = """The rows of the table above, but what is left out together is all that one lab or paper measured, its phones
and its ways of timing with it; other labs' figures of the same networks stay. SwiftFormer's iPhone 14 is a third
faster than the iPhones 13 of the others, which have the same chip; MobileNetV2 takes 1.4 times as long in one paper as
in two others."""
REACH = {"error": 0.12, "rank": 0.95, "ordered": 0.95}
OUT = ""


def runs() -> list[Run]:
    """As in the table, grouped by who measured."""
    return [replace(r, group=r.table) for r in coreml_ane.runs()]


def speeds() -> tuple[Speed, ...]:
    """As in the table."""
    return coreml_ane.speeds()


def train(loaded: Sequence[Loaded]) -> Fitted:
    """As in the table."""
    return coreml_ane.train(loaded)
