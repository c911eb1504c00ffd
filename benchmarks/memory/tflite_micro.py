"""The arena of TensorFlow Lite for Microcontrollers, planned beside measured: its head exactly, its tail as a range.

Measured is what `ask_tflite_micro.py` saw of tflite_micro 0.dev20261023182759 on x86-64, where pointers have 64 bits:
the plan is made with the structures of such a machine. The record lies with the rules it is evidence of.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.memory.compared import Compared
from edgeplan.capability.rows import load_backend, rules_dir
from edgeplan.frontends import load_model
from edgeplan.graph import Graph
from edgeplan.memory.figures import load_figures
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.tflite_micro import structures
from edgeplan.memory.runtimes.tflite_micro.head import head
from edgeplan.memory.runtimes.tflite_micro.machine import HOST
from edgeplan.memory.runtimes.tflite_micro.tail import planning, tail

__all__ = ["ABOUT", "REACH", "TITLE", "rows"]

TITLE = "TensorFlow Lite Micro, arena head and tail"
REACH = (0.9, 0.0)
"""At least this part of the figures exact: the head to the byte, the tail inside its range."""
ABOUT = (
    "tflite_micro 0.dev20261023182759 on x86-64, with its recording allocator: the head and the tail of the arena of"
    " every model that it allocates and runs, among them the library's own test models. The rules are read from its"
    " source; nothing was fitted on the head. Sizes of what kernels keep in the tail were read off single ops. Of 130"
    " models that came last, the heads of 124 were exact at first look: of those missed most have several subgraphs,"
    " of which one is planned. Five wake-word models state the arena they were given on an ESP32-S3, where pointers"
    " have 32 bits."
)

_MEASURED = rules_dir() / "tflite-micro" / "runs" / "2026-11-22-arena.csv"

_STATED = Path(__file__).parent / "measured" / "micro_wake_word.csv"
"""`tensor_arena_size` of esphome/micro-wake-word-models@05b65922, models/v2/*.json: bytes that do on an ESP32-S3."""

_RECORDER = 480
"""Bytes of the recording allocator's objects on this host, which lie in the tail."""


def rows(*folders: Path) -> Iterator[Compared]:
    """Two rows for each model that was measured and whose file lies in one of the folders."""
    paths = (path for folder in folders for path in sorted(folder.rglob("*.tflite")))
    found = {(path.name, path.stat().st_size): path for path in paths}
    yield from _on_esp32(found)
    with _MEASURED.open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            path = found.get((row["model"], int(row["bytes"])))
            if path is None or row["ran"] != "yes":
                continue
            graph = loaded(path)
            size = head(graph, HOST).arena.size
            integers = any(v.quantization for v in graph.values.values())
            yield _compared(path.stem, "head, integers" if integers else "head, floats", row["head"], size, size)
            planned = planned_tail(graph)
            yield _compared(path.stem, "tail", row["tail"], planned.low, planned.high)


def _on_esp32(found: Mapping[tuple[str, int], Path]) -> Iterator[Compared]:
    """The arenas that wake-word models ask for on an ESP32-S3, whose kernels were those of 2023."""
    backend = load_backend("tflite-micro")
    figures = load_figures(backend, backend.newest)
    with _STATED.open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            path = found.get((row["model"], int(row["bytes"])))
            if path is None:
                continue
            graph = loaded(path)
            pool, kept = head(graph, library="esp-nn-s3-2023"), tail(graph, library="esp-nn-s3-2023")
            most = max(pool.arena.size, planning(graph, len(pool.arena.buffers), library="esp-nn-s3-2023"))
            size = structures(figures, kept) + figures["allocator"].bytes
            size += Range.exactly(most + kept.copies + kept.variables)
            yield _compared(path.stem, "arena on an ESP32-S3", row["arena"], size.low, size.high)


def loaded(path: Path) -> Graph:
    """A model at the sizes its file holds: the runtime never resizes."""
    first = load_model(path)
    kept = {dim: first.stored[dim] for dim in first.free if dim in first.stored}
    return load_model(path, kept).graph if kept else first.graph


def planned_tail(graph: Graph) -> Range:
    """The tail on the measuring host."""
    backend = load_backend("tflite-micro")
    kept = tail(graph, HOST)
    known = Range.exactly(kept.copies + kept.variables + _RECORDER)
    return structures(load_figures(backend, backend.newest), kept) + known


def _compared(model: str, what: str, measured: str, low: int, high: int) -> Compared:
    return Compared(model, what, (int(measured), int(measured)), (low, high))
