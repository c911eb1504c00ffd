"""The weights of TensorRT's engines, planned beside what TensorRT-RTX's builder says of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.memory.compared import Compared
from benchmarks.memory.tensorrt import held_out, plans

__all__ = ["ABOUT", "REACH", "TITLE", "rows"]

TITLE = "TensorRT, weights"
REACH = (0.9, 0.04)
"""At least this part of the networks within this relative error."""
ABOUT = "TensorRT-RTX 1.7.1, CPU-only builder, target SM86: 'Total Weights Memory' of the same engines."


def rows(*folders: Path) -> Iterator[Compared]:
    """A row for each network and precision that was measured and whose file lies in one of the folders."""
    for row, plan in plans(*folders):
        likely = next(t.size.likely for t in plan.terms if t.name == "weights")
        measured = int(row["weights"])
        what = f"{row['precision']}{', held out' if held_out(row['model']) else ''}"
        yield Compared(row["model"], what, (measured, measured), (likely, likely))
