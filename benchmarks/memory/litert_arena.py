"""LiteRT's arenas with its builtin kernels, planned beside measured, to the byte.

Measured is what `ask_litert_arena.py` read in the interpreter of ai-edge-litert 2.3.0: from the first byte to the last
of the tensors in an arena, kernels' scratch memory included, which no public function shows. Inputs have the shapes
that the file gives them. Files are told by their contents, for there are others of the same name.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path

from benchmarks.memory.compared import Compared
from edgeplan.frontends.tflite import load_tflite
from edgeplan.frontends.tflite.build import tensor_names
from edgeplan.frontends.tflite.read import TfliteFile
from edgeplan.graph import Graph
from edgeplan.memory.runtimes.litert.builtin import builtin_pools

__all__ = ["ABOUT", "REACH", "TITLE", "rows"]

TITLE = "LiteRT, arenas of the interpreter with its builtin kernels"
REACH = (0.95, 0.0)
"""At least this part of the arenas equal to the byte; 64 bytes off were asked for."""

ABOUT = (
    "The interpreter of ai-edge-litert 2.3.0 on Linux, one thread, every .tflite file at hand that it takes: published"
    " ones, converted ones, single ops. Read with `benchmarks/memory/ask_litert_arena.py`, scratch memory included. The"
    " second arena is that of what outlives a call: states, constants unpacked once, sums of quantised weights. Where"
    " some size is known only when the model runs, it was run once. Of 233 arenas of models that came last, from"
    " packages and repositories that no rule was read off, 230 were equal at first look."
)

_MEASURED = Path(__file__).parent / "measured" / "litert_arena.csv"

_WHAT = {"arena": "arena", "persistent": "persistent arena"}
"""Columns, and the pools of the plan that they are held against."""


def rows(*folders: Path) -> Iterator[Compared]:
    """One row for each arena that was measured and whose model lies in one of the folders."""
    files = {_digest(path): path for folder in folders for path in sorted(folder.rglob("*.tflite"))}
    with _MEASURED.open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            path = files.get(row["sha256"])
            if path is None:
                continue
            planned = {pool.name: pool.arena.size for pool in builtin_pools(as_allocated(path))}
            for column, name in _WHAT.items():
                real, likely = int(row[column]), planned.get(name, 0)
                if real or likely:
                    yield Compared(row["model"], name, (real, real), (likely, likely))


def as_allocated(path: Path) -> Graph:
    """The model with its inputs as the interpreter allocates them when nobody resizes them."""
    main = TfliteFile.open(path).subgraph(0)
    named = tensor_names(main)
    shapes = {
        named[i]: main.tensors[i].shape for i in main.inputs if min(main.tensors[i].signature or (), default=0) < 0
    }
    return load_tflite(path, shapes={name: shape for name, shape in shapes.items() if shape is not None}).graph


def _digest(path: Path) -> str:
    with path.open("rb") as f:
        return file_digest(f, "sha256").hexdigest()[:16]
