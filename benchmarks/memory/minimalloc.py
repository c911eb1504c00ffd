"""Packs the hard instances of MiniMalloc, which fit into 1 MiB by construction, and says which plans do.

    python -m benchmarks.memory.minimalloc --instances FOLDER [--seconds 60] [--only NAMES] [-o RECORD.csv]

The instances are those of Moffitt, "MiniMalloc: A Lightweight Memory Allocator for Hardware-Accelerated Machine
Learning" (ASPLOS 2023), files `NAME.CAPACITY.csv` of `id,lower,upper,size`, half-open: google/minimalloc,
benchmarks/challenging. `cpu_seconds` are those of all processor cores together.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.memory.compared import Compared
from edgeplan.memory.arena import pack
from edgeplan.memory.exact import solve
from edgeplan.memory.lifetimes import Buffer

__all__ = ["ABOUT", "REACH", "TITLE", "rows"]

TITLE = "The hard arenas of MiniMalloc, in exact mode"
REACH = (0.5, 0.0)
"""At least this part of the instances packed into their capacity."""
ABOUT = (
    "Instances A to K of google/minimalloc, which fit into 1 MiB. *Measured* is that capacity, *planned* the smallest"
    " plan the exact mode found in the time it had: what lies above is a gap that it reports as one."
)
RECORD = Path(__file__).parent / "measured" / "minimalloc.csv"
COLUMNS = ("instance", "buffers", "capacity", "bound", "heuristic", "exact", "proven", "outcome", "cpu_seconds")


def rows(*models: Path) -> Iterator[Compared]:
    """The kept results; no model is needed."""
    with RECORD.open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            capacity, found = int(row["capacity"]), int(row["exact"])
            yield Compared(
                f"{row['instance']} ({row['buffers']} buffers)", row["outcome"], (capacity,) * 2, (found,) * 2
            )


def main() -> None:
    """Pack all instances in a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instances", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=60, help="for each, at most; 60 unless given")
    parser.add_argument("--only", default="", help="the first letters of the instances to pack, all unless given")
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    found = []
    for path in sorted(given.instances.glob(f"[{given.only or 'A-Z'}]*.csv")):
        row = _packed(path, given.seconds)
        found.append(row)
        print(",".join(map(str, row)), flush=True)
    if given.output:
        with given.output.open("w", encoding="utf-8", newline="") as f:
            csv.writer(f, lineterminator="\n").writerows([COLUMNS, *found])


def _packed(path: Path, seconds: float) -> tuple[object, ...]:
    name, capacity, _ = path.name.split(".")
    with path.open(encoding="utf-8", newline="") as f:
        spans = [(r["id"], int(r["lower"]), int(r["upper"]) - 1, int(r["size"])) for r in csv.DictReader(f)]
    buffers = [Buffer(*span) for span in spans]
    steps = max(b.dies for b in buffers) + 1
    heuristic = pack(buffers, steps)
    begun = time.process_time()
    found = solve(buffers, steps, int(capacity), seconds)
    took = round(time.process_time() - begun)
    if isinstance(found, str):
        sys.exit(found)
    arena = found.arena
    return name, len(buffers), capacity, arena.bound, heuristic.size, arena.size, found.proven, found.outcome, took


if __name__ == "__main__":
    main()
