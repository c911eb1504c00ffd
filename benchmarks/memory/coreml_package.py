"""Core ML: weights of a package, computed from the ONNX model beside those coremltools wrote.

Measured is `weight.bin` of the packages that converters and the builder of coremltools 9.0 made for iOS 17 in float16
(`edgeplan verify --with coremltools`). Constants of few elements stand in the program's text, not in that file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from benchmarks.memory.compared import Compared
from edgeplan.capability.rows import rules_dir
from edgeplan.frontends import load_model
from edgeplan.frontends.errors import ModelError
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.runtimes.coreml import package_weights
from edgeplan.place.lowered import lower_for
from edgeplan.target import resolve

__all__ = ["ABOUT", "REACH", "TITLE", "rows"]

TITLE = "Core ML, weights of the package"
REACH = (0.8, 0.02)
"""At least this part of the packages within this relative error."""
ABOUT = (
    "`weight.bin` of the packages that onnx2coreml, onnx2torch and coremltools' own builder made of a model with"
    " coremltools 9.0, for iOS 17 in float16. `lowered` is edgeplan's lowering, built op by op; the other two are"
    " converters that know nothing of edgeplan, but write equal constants only once, as the zeros of models whose"
    " weights were left out. What Core ML takes on a device cannot be measured without one."
)

_MEASURED = rules_dir() / "coreml" / "runs" / "2026-11-22-package-sizes.csv"
_LEAST = 2**16


def rows(*folders: Path) -> Iterator[Compared]:
    """One row for each package that was made of a model in one of the folders; tiny ones are text more than weights."""
    found = {path.stem: path for folder in folders for path in sorted(folder.rglob("*.onnx"))}
    known: dict[str, int | None] = {}
    with _MEASURED.open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            name, size = row["model"], int(row["weights"])
            if name not in found or size < _LEAST:
                continue
            if name not in known:
                known[name] = planned(found[name])
            planned_size = known[name]
            if planned_size is not None:
                yield Compared(name, row["path"], (size, size), (planned_size, planned_size))


def planned(path: Path) -> int | None:
    """Bytes of the constants that ops read, as Core ML stores them; None where the model cannot be read."""
    target = resolve("iphone14pro", "coreml", "iOS 17")
    try:
        graph = lower_for(load_model(path).graph, target)
    except (ModelError, ValueError):
        return None
    return package_weights(Deployment(graph, target, ("cpu",) * len(graph.ops), ()))
