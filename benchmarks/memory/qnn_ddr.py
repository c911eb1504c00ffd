"""What a run on the HTP moves through DDR, planned and as the HTP's own compiler says (`ask_qnn.py` asked it)."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.memory.compared import Compared
from edgeplan.capability.rows import rules_dir
from edgeplan.frontends import load_model
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.runtimes.qnn.ddr import ddr_traffic
from edgeplan.memory.runtimes.qnn.weights import packed_weights
from edgeplan.place.lowered import lower_for
from edgeplan.place.partition import place
from edgeplan.target import resolve

__all__ = ["ABOUT", "REACH", "TITLE", "rows", "verdicts"]

TITLE = "Qualcomm HTP, context binaries and DDR traffic"
REACH = (0.85, 0.25)

ABOUT = (
    "What the HTP's compiler (QAIRT 2.51, onnxruntime-qnn 2.7.0, Linux x86-64) wrote as context binary and said a run"
    " reads and writes, of models with random weights, for chips with 8 and with 2 MiB of VTCM and five generations"
    " of the Hexagon. Whether activations spill is told right for 96 of 100 pairs of model and chip."
)

MEASURED = rules_dir() / "qnn" / "runs" / "2026-11-22-memory-htp.csv"

CHIPS: Mapping[str, str] = {
    "36": "galaxys22",
    "39": "sa8295p",
    "41": "snapdragon-7-gen-1",
    "43": "galaxys23",
    "57": "galaxys24",
    "69": "galaxys25",
    "87": "galaxys26",
}
"""The compiler's soc_model to a device that has it."""


def rows(*folders: Path) -> Iterator[Compared]:
    """Likely figures beside what the compiler said: context binary, and all bytes moved, read or written."""
    for row, given in _asked(folders):
        moved = ddr_traffic(given)
        if moved is None:
            continue
        packed = packed_weights(given).likely
        chip = f"soc_model {row['chip']}"
        yield Compared(row["model"], f"context binary, {chip}", (int(row["context"]),) * 2, (packed, packed))
        said, planned = int(row["read"]) + int(row["write"]), moved.read.likely + moved.write.likely
        yield Compared(row["model"], f"DDR read and written, {chip}", (said, said), (planned, planned))


def verdicts(*folders: Path) -> Iterator[tuple[str, str, str, bool]]:
    """The model, the chip, what is said of VTCM, and whether the compiler spilled more than a tenth of it."""
    for row, given in _asked(folders):
        moved = ddr_traffic(given)
        if moved is not None:
            yield row["model"], row["chip"], moved.verdict, int(row["spill"]) > int(row["vtcm"]) // 10


def _asked(folders: Sequence[Path]) -> Iterator[tuple[dict[str, str], Deployment]]:
    asked: dict[str, list[dict[str, str]]] = defaultdict(list)
    with MEASURED.open(newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table):
            asked[row["model"]].append(row)
    for name, found in asked.items():
        path = next((p for folder in folders if (p := folder / f"{name}.onnx").is_file()), None)
        if path is None:
            continue
        graph = load_model(path).graph
        for row in found:
            target = resolve(CHIPS[row["chip"]], backend="qnn")
            lowered = lower_for(graph, target)
            placed = place(lowered, target)
            yield row, Deployment(lowered, target, placed.units, placed.segments)
