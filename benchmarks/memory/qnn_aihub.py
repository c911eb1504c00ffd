"""The app's part of a plan on the HTP beside the peak memory that Qualcomm AI Hub measured, float models.

Models not at hand are left out; `build_aihub.py` makes those of the kept table whose names start with `aihub_`.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from benchmarks.memory.compared import Compared
from edgeplan.frontends import load_model
from edgeplan.graph import Graph
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.runtimes.qnn.process import Route, process_terms
from edgeplan.memory.term import total
from edgeplan.place.lowered import lower_for
from edgeplan.place.partition import place
from edgeplan.target import Target, resolve

__all__ = ["ABOUT", "REACH", "TITLE", "halves", "rows"]

TITLE = "Qualcomm HTP, peak memory of the process on devices"
REACH = (0.70, 0.25)

ABOUT = (
    "Peak memory ranges of qai-hub-models 0.65.0 (Qualcomm AI Hub), float models as a DLC, with ONNX Runtime and "
    "with LiteRT's QNN delegate, on 19 devices; AI Hub rounds to whole MB. The plan's likely figure, one number, "
    "is held against the range: what the app's process holds, without the weights, which lie in buffers of the "
    "driver. Its three constants were fitted on every other model by name; of the models between, about as many "
    "are met. Most ranges on Android begin near 0, so that one number has only to stay below their upper end; "
    "that end itself is hit within 25 % on about half of the newer devices' figures, and on one in ten of the "
    "older ones'. Which way a model is loaded is taken from the row; a plan does not know it and shows the whole "
    "range."
)

MEASURED = Path(__file__).parent / "measured" / "qnn_aihub.csv"
MB = 2**20


def rows(*folders: Path) -> Iterator[Compared]:
    """The likely figure of a plan, one number, beside the range measured; a measured figure is rounded to whole MB."""
    asked: dict[str, list[dict[str, str]]] = defaultdict(list)
    with MEASURED.open(newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table):
            asked[row["file"]].append(row)
    for file, found in asked.items():
        path = next((p for folder in folders if (p := folder / f"{file}.onnx").is_file()), None)
        if path is None:
            continue
        graph = load_model(path).graph
        for row in found:
            target = resolve(row["device"], backend="qnn")
            held = total(process_terms(_deploy(graph, target), _route(row["runtime"])), "run", "app")
            low, high = int(row["low_mb"]), int(row["high_mb"])
            measured = (round(max(low - 0.5, 0) * MB), round((high + 0.5) * MB))
            yield Compared(row["model"], f"{row['runtime']}, {row['device']}", measured, (held.likely, held.likely))


def halves() -> tuple[frozenset[str], frozenset[str]]:
    """The models the constants were fitted on, and the others."""
    with MEASURED.open(newline="", encoding="utf-8") as table:
        names = sorted({row["model"] for row in csv.DictReader(table)})
    return frozenset(names[::2]), frozenset(names[1::2])


def _route(runtime: str) -> Route:
    return "onnxruntime" if runtime == "onnx" else "qnn"


def _deploy(graph: Graph, target: Target) -> Deployment:
    lowered = lower_for(graph, target)
    placed = place(lowered, target)
    return Deployment(lowered, target, placed.units, placed.segments)
