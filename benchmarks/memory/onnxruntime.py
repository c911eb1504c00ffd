"""ONNX Runtime's CPU provider: private memory of a session, planned beside measured.

Measured is what `ask_onnxruntime.py` saw of onnxruntime 1.31.1 on x86-64 with one thread; the record lies with the
rules it is evidence of. Constants were fitted on the networks for which `fitted` holds, the rest is computed.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.memory.compared import Compared
from edgeplan.capability.rows import rules_dir
from edgeplan.frontends import load_model
from edgeplan.frontends.errors import ModelError
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.plan import plan_memory
from edgeplan.memory.range import Range
from edgeplan.place.lowered import lower_for
from edgeplan.target import resolve

__all__ = ["ABOUT", "REACH", "TITLE", "fitted", "rows"]

TITLE = "ONNX Runtime, CPU provider, private memory"
REACH = (0.8, 0.2)
"""At least this part of the figures within this relative error."""
ABOUT = (
    "onnxruntime 1.31.1 on x86-64, one thread, in a process of its own whose free heap is given back before each"
    " figure: what a session holds once it is created, what the process holds after three runs, and the most it held"
    " while the session was created, that only for sessions of 1 MiB and more. The weights of the networks are drawn"
    " anew, because equal ones are packed and held once. Two constants for the session's objects and two for loading"
    " were fitted on half of the networks; the arena is computed."
)

_MEASURED = rules_dir() / "onnxruntime-coreml" / "runs" / "2026-11-22-session-memory.csv"
_SMALL = 2**20


def fitted(model: str) -> bool:
    """Whether the constants were fitted on a network, among others."""
    return hashlib.sha256(model.encode()).digest()[0] % 2 == 0


def rows(*folders: Path) -> Iterator[Compared]:
    """Three rows for each network that was measured and whose file lies in one of the folders."""
    found = {path.stem: path for folder in folders for path in sorted(folder.rglob("*.onnx"))}
    with _MEASURED.open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            terms = planned(found[row["model"]], json.loads(row["inputs"])) if row["model"] in found else None
            if terms is None:
                continue
            held, ran, load = terms
            name = row["model"]
            yield _compared(name, "held once created", int(row["held"]), held)
            yield _compared(name, "after three runs", int(row["ran"]), ran)
            if int(row["held"]) >= _SMALL:
                yield _compared(name, "most while created", int(row["load-peak"]), load)


def planned(path: Path, inputs: dict[str, list[int]]) -> tuple[Range, Range, Range] | None:
    """What is held always, while it runs and while it loads; None where the model cannot be read."""
    target = resolve("iphone14pro", "onnxruntime-coreml", "1.31")
    try:
        graph = lower_for(load_model(path, None, inputs).graph, target)
    except (ModelError, ValueError):
        return None
    plan = plan_memory(Deployment(graph, target, ("cpu",) * len(graph.ops), ()))
    always = sum((t.size for t in plan.terms if t.phase == "always"), start=Range())
    return always, plan.run, plan.load


def _compared(model: str, what: str, measured: int, planned: Range) -> Compared:
    return Compared(model, what, (measured, measured), (planned.likely, planned.likely))
