"""LiteRT's peak resident memory, planned beside measured: with XNNPACK and with the builtin kernels alone.

Measured is what `ask_litert_rss.py` saw: the peak of a process above what it took just before the interpreter was made,
the runtime being imported already, over making it, allocating and one call on one thread. Planned is the larger of
loading and running with what the system can take back, the mapped file and the library's pages, because the measured
peak has them resident. Free dimensions are 1, as in the interpreter.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from benchmarks.memory.compared import Compared
from edgeplan.capability.rows import rules_dir
from edgeplan.frontends import load_model
from edgeplan.frontends.errors import ModelError
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.plan import plan_memory
from edgeplan.memory.term import total
from edgeplan.place.lowered import lower_for
from edgeplan.place.partition import place
from edgeplan.target import Target, resolve

__all__ = ["ABOUT", "REACH", "TITLE", "deployment", "models", "planned", "rows"]

TITLE = "LiteRT, peak resident memory of the process"
REACH = (0.9, 0.15)
"""At least this part of the models within this relative error."""

ABOUT = (
    "The peak of a process above what it took just before the interpreter was made, over making it, allocating and one"
    " call on one thread: ai-edge-litert 2.3.0 on Linux x86-64, with XNNPACK and with the builtin kernels. The plan"
    " counts the mapped file and the library's pages too, as the peak has them resident. Figures were fitted on half of"
    " the models and the other half comes out as near. Of 151 figures of models that came last, 136 were within the"
    " tolerance at first look; their misses led to what is said of the builtin kernels' blocks. Most of what is left"
    " computes in float16, for which XNNPACK on a PC has fewer kernels than on ARM, which is planned: behind the first"
    " op without one it computes in float32, with weights unpacked."
)

_MEASURED = rules_dir() / "tflite" / "runs" / "2026-11-22-memory-rss.csv"

_UNITS: Mapping[str, tuple[str, ...]] = {"xnnpack": ("xnnpack", "cpu"), "builtin": ("cpu",)}
_WHAT = {"xnnpack": "peak, XNNPACK", "builtin": "peak, builtin kernels"}


def rows(*folders: Path) -> Iterator[Compared]:
    """One row for each model and kind of kernels that was measured and whose file lies in one of the folders."""
    found = models(folders)
    whole = resolve("pixel8", "tflite", "LiteRT 2.3")
    with _MEASURED.open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            if row["error"] or row["model"] not in found:
                continue
            names = _UNITS[row["kernels"]]
            target = replace(whole, units=tuple(u for u in whole.units if u.name in names))
            likely = planned(found[row["model"]], target)
            peak = int(row["peak"])
            yield Compared(row["model"], _WHAT[row["kernels"]], (peak, peak), (likely, likely))


def planned(path: Path, target: Target) -> int:
    """The likely bytes resident at the peak of a .tflite model on the units of a target."""
    plan = plan_memory(deployment(path, target))
    return (total(plan.terms, "load", "app", "file") | total(plan.terms, "run", "app", "file")).likely


def deployment(path: Path, target: Target) -> Deployment:
    """A .tflite model on a target, its free dimensions bound to 1."""
    loaded = load_model(path)
    if loaded.free:
        with suppress(ModelError):  # a size that 1 does not fit: what hangs on it stays unsized
            loaded = load_model(path, dict.fromkeys(loaded.free, 1))
    graph = lower_for(loaded.graph, target)
    placement = place(graph, target)
    return Deployment(graph, target, placement.units, placement.segments, path.stat().st_size)


def models(folders: Iterable[Path]) -> dict[str, Path]:
    """The .tflite files of some folders by the name under which they were measured."""
    return {f"{path.parent.name}/{path.stem}": path for folder in folders for path in sorted(folder.rglob("*.tflite"))}
