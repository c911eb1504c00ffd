"""How close to the bound arenas are planned, and how long that takes where there are many tensors.

    python -m benchmarks.memory.planner [--tensors 1000 10000 50000] [--models FOLDER...]

The tensors of the speed test are made up, always the same: a chain, a network with skips and some long ones, a pass
forth and back as in training (each tensor lives inside the one before), outputs that all stay, and lives at random.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random

from benchmarks.memory.compared import Compared
from edgeplan.frontends import load_model
from edgeplan.frontends.errors import ModelError
from edgeplan.memory.arena import pack
from edgeplan.memory.lifetimes import ArenaRules, Buffer
from edgeplan.memory.overlap import overlaps
from edgeplan.memory.pool import plan_pool
from edgeplan.place.lowered import lower_for
from edgeplan.target import resolve

__all__ = ["ABOUT", "REACH", "TITLE", "rows"]

TITLE = "Arenas beside the most bytes alive at once"
REACH = (0.95, 0.05)
"""At least this part of the plans at most so much above the bound."""
ABOUT = (
    "Each network in the dialects of TensorRT, Core ML and LiteRT, packed by edgeplan's own planner. *Measured* is the"
    " largest live set, which no plan goes below. Free dimensions are 64."
)
DEVICES = {"onnx": "jetson-orin-nano", "mil": "iphone14pro", "tflite": "pixel8"}


def rows(*folders: Path) -> Iterator[Compared]:
    """One row for each network in the folders and each dialect it can be planned in."""
    targets = {dialect: resolve(device) for dialect, device in DEVICES.items()}
    for path in sorted(p for folder in folders for end in ("onnx", "tflite") for p in folder.glob(f"*.{end}")):
        try:
            model = load_model(path)
            graph = load_model(path, dict.fromkeys(model.free, 64)).graph if model.free else model.graph
        except (ModelError, ValueError):
            continue
        for dialect, target in targets.items():
            if graph.dialect in ("onnx", dialect):
                arena = plan_pool(lower_for(graph, target), ArenaRules()).arena
                yield Compared(path.name, dialect, (arena.bound, arena.bound), (arena.size, arena.size))


def main() -> None:
    """Print how long plans take and how good they are, then the same for models."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tensors", type=int, nargs="+", default=[1000, 10_000, 50_000])
    parser.add_argument("--models", type=Path, nargs="*", default=[])
    given = parser.parse_args()
    print("| tensors | lives | CPU s | plan / bound | |\n|--:|---|--:|--:|---|")
    for count in given.tensors:
        for name, make in LIVES.items():
            buffers = make(count, Random(0))
            begun = time.process_time()
            arena = pack(buffers, count)
            took = time.process_time() - begun
            assert not overlaps(arena)
            print(f"| {count:,} | {name} | {took:.2f} | {arena.size / arena.bound:.4f} | {arena.method} |", flush=True)
    for folder in given.models:
        ratios = sorted(1 + c.off for c in rows(folder) if c.measured[1])
        near = sum(r <= 1 + REACH[1] for r in ratios)
        if ratios:
            tight = sum(r == 1 for r in ratios)
            print(
                f"{folder.name}: {len(ratios)} plans, {tight} at the bound, {near} within 5 %, worst {ratios[-1]:.4f}"
            )


def _chain(count: int, random: Random) -> list[Buffer]:
    return [Buffer(str(i), i, min(i + 1, count - 1), _size(random)) for i in range(count)]


def _skips(count: int, random: Random) -> list[Buffer]:
    def life() -> int:
        long = random.random() < 0.002
        return count // 4 if long else 1 if random.random() < 0.9 else random.randint(2, 40)

    return [Buffer(str(i), i, min(i + life(), count - 1), _size(random)) for i in range(count)]


def _training(count: int, random: Random) -> list[Buffer]:
    forth = [Buffer(str(i), i, count - 1 - i, _size(random)) for i in range(count // 2)]
    return [*forth, *(Buffer(str(i), i, min(i + 1, count - 1), _size(random)) for i in range(count // 2, count))]


def _staying(count: int, random: Random) -> list[Buffer]:
    return [Buffer(str(i), i, count - 1, _size(random)) for i in range(count)]


def _anyhow(count: int, random: Random) -> list[Buffer]:
    lives = [sorted((random.randrange(count), random.randrange(count))) for _ in range(count)]
    return [Buffer(str(i), born, dies, _size(random)) for i, (born, dies) in enumerate(lives)]


def _size(random: Random) -> int:
    """Feature maps of a few sides and widths, in float32."""
    side, channels = (
        random.choice((7, 14, 28, 56)),
        random.choice((16, 24, 32, 64, 96)) * random.choice((1, 2, 3, 4, 6)),
    )
    return side * side * channels * 4


LIVES: Mapping[str, Callable[[int, Random], list[Buffer]]] = {
    "chain": _chain,
    "skips": _skips,
    "training": _training,
    "staying": _staying,
    "at random": _anyhow,
}

if __name__ == "__main__":
    main()
