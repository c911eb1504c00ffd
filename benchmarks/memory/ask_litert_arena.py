"""Asks LiteRT's interpreter how large it made its arenas for .tflite files, with its builtin kernels and one thread.

    python benchmarks/memory/ask_litert_arena.py --out arenas.csv FOLDER_OR_FILE...

Needs the package ai-edge-litert and nothing else. A row is a file: its name and the first digits of its SHA-256, the
bytes of the arena and of that of what outlives a call, each from the first byte to the last of the tensors in it,
kernels' scratch memory included. `planned` says when: at `load` where the interpreter plans all of the model before it
runs, at `run` where some size was only known when it ran, on zeros. Each file is asked in a process of its own; one
that the interpreter refuses has no row.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

ASKED = Path(__file__).resolve().parents[2] / "edgeplan" / "verify" / "ask"
KEPT: list[object] = []
FIELDS = ("model", "sha256", "litert", "planned", "arena", "persistent")


def measured(path: str, run: bool = False) -> tuple[int | None, int | None]:
    """The bytes of a file's arena, None when not all of it is planned before it runs, and of what outlives a call."""
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
    from litert_nodes import Reader

    kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(path, num_threads=1, experimental_op_resolver_type=kernels)
    interpreter.allocate_tensors()
    if run:
        for entry in interpreter.get_input_details():
            interpreter.set_tensor(entry["index"], np.zeros(entry["shape"], entry["dtype"]))
        interpreter.invoke()
    reader = Reader(partly=run)
    KEPT.append((interpreter, reader))
    interpreter._interpreter.ModifyGraphWithDelegate(reader.address)
    return reader.arena, reader.persistent


def files(given: list[Path]) -> Iterator[Path]:
    """The .tflite files, those of folders in order."""
    for path in given:
        yield from sorted(path.rglob("*.tflite")) if path.is_dir() else [path]


def main() -> None:
    """Write one row for each file."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("models", type=Path, nargs="+")
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    if given.out is None:
        sys.path.insert(0, str(ASKED))
        arena, persistent = measured(str(given.models[0]))
        planned = "load"
        if arena is None:
            planned, (arena, persistent) = "run", measured(str(given.models[0]), run=True)
        print(planned, arena or 0, persistent or 0)
        sys.stdout.flush()
        os._exit(0)  # nothing is taken down in an order that the runtime does not expect
    with given.out.open("w", newline="", encoding="utf-8") as to:
        writer = csv.writer(to, lineterminator="\n")
        writer.writerow(FIELDS)
        for path in files(given.models):
            ran = subprocess.run([sys.executable, __file__, str(path)], capture_output=True, text=True, check=False)
            if ran.returncode:
                print(f"{path.name}: {ran.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
                continue
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
            writer.writerow([path.stem, digest, version("ai-edge-litert"), *ran.stdout.split()[-3:]])


if __name__ == "__main__":
    main()
