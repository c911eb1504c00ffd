"""What LiteRT's GPU accelerator holds on the device, planned beside measured.

Measured is what `ask_litert_gpu.py` saw on SwiftShader, in float32: from the images alone to images and buffers, which
also hold what the host writes and reads. Planned is the range of weights and activations in float32.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.memory.compared import Compared
from benchmarks.memory.litert_rss import deployment, models
from edgeplan.capability.rows import rules_dir
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.litert import PROFILE
from edgeplan.target import resolve

__all__ = ["ABOUT", "REACH", "TITLE", "rows"]

TITLE = "LiteRT's GPU delegate, weights and activations on the device"
REACH = (0.9, 0.25)
"""At least this part of the models within this relative distance of the planned range."""

ABOUT = (
    "What LiteRT's GPU accelerator allocates on the device, in float32, on the software Vulkan driver SwiftShader: from"
    " its images alone to images and buffers, which also hold what the host writes and reads. Phones run the same model"
    " builder on OpenCL or Metal; none was measured."
)

_MEASURED = rules_dir() / "tflite" / "runs" / "2026-11-22-memory-gpu.csv"


def rows(*folders: Path) -> Iterator[Compared]:
    """One row for each model that was measured and whose file lies in one of the folders."""
    found = models(folders)
    target = replace(resolve("pixel8", "tflite", "LiteRT 2.3"), precision="float32")
    with _MEASURED.open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            if row["error"] or not row["images"] or row["model"] not in found:
                continue
            given = deployment(found[row["model"]], target)
            terms = PROFILE.terms(given, PROFILE.pools(given))
            sizes = (t.size for t in terms if t.name in ("GPU weights", "GPU activations"))
            size = sum(sizes, start=Range())
            images, buffers = int(row["images"]), int(row["buffers"])
            yield Compared(row["model"], "on the device", (images, images + buffers), (size.low, size.high))
