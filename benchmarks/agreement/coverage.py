"""The share of ops of real models on which a backend's rows give no verdict: `python -m benchmarks.agreement.coverage`.

Every model file under `models/` of the data folder is lowered for every backend and judged on one device of it. An op
counts as unknown when a unit that the runtime would prefer has no row for it, or a row that waits for a size.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from edgeplan.capability.rows import backend_names
from edgeplan.frontends.errors import ModelError
from edgeplan.graph import Graph
from edgeplan.place.lowered import lower_for
from edgeplan.place.partition import UNKNOWN, place
from edgeplan.target import Target, resolve

__all__ = ["DEVICES", "Coverage", "table"]

DEVICES: Mapping[str, str] = {
    "coreml": "iphone14pro",
    "onnxruntime-coreml": "iphone14pro",
    "qnn": "snapdragon-8-gen-3",
    "snpe": "snapdragon-8-gen-3",
    "tensorrt": "jetson-orin-nano-8gb",
    "tflite": "pixel8",
}
"""The device that stands for each backend."""

SIDE, LENGTH = 320, 64
"""What a free axis of an image and any other free axis are bound to; the first axis is bound to 1."""


@dataclass
class Coverage:
    """Counts of one backend: all ops, those without a verdict by label, and those that wait for a size."""

    ops: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """The part of all ops that has no verdict, for either reason."""
        return (self.unknown.total() + self.waiting.total()) / self.ops if self.ops else 0.0

    def add(self, graph: Graph, target: Target) -> int:
        """Judge the ops of one model; the number of those without a verdict."""
        lowered = lower_for(graph, target)
        placed = place(lowered, target)
        before = self.unknown.total() + self.waiting.total()
        self.ops += len(lowered.ops)
        for op, unit, verdicts in zip(lowered.ops, placed.units, placed.support, strict=True):
            if unit == UNKNOWN:
                asked = next(s for s in verdicts if s.verdict.value == UNKNOWN)
                (self.waiting if asked.open else self.unknown)[op.label] += 1
        return self.unknown.total() + self.waiting.total() - before

    def row(self, backend: str) -> str:
        """One line of the table in Markdown."""
        labels = [f"{label} {n}" for label, n in self.unknown.most_common()]
        labels += [f"{label} {n} (waits for a size or value)" for label, n in self.waiting.most_common()]
        count = self.unknown.total() + self.waiting.total()
        return f"| {backend} | {self.ops} | {count} | {self.share:.2%} | {', '.join(labels)} |"


def table(
    data: Path, backends: Sequence[str] = (), only: str = "", dims: Mapping[str, int] | None = None, each: bool = False
) -> Iterator[str]:
    """Lines of one table: a row for each backend, all of them unless some are named; `each` names the models."""
    wanted = [b for b in backend_names() if b in (backends or DEVICES)]
    targets = {b: resolve(DEVICES[b], b) for b in wanted}
    found = {b: Coverage() for b in wanted}
    read = 0
    for name, graph in _graphs(data / "models", only, dims or {}):
        read += 1
        for backend, target in targets.items():
            if graph.dialect in ("onnx", target.backend.dialect):
                count = found[backend].add(graph, target)
                if each and count:
                    print(f"{name}: {count} unknown on {backend}", file=sys.stderr)
    yield f"### Ops without a verdict, {read} models"
    yield ""
    yield "| backend | ops | unknown | share | which |"
    yield "|---|--:|--:|--:|---|"
    yield from (coverage.row(backend) for backend, coverage in found.items())


def _graphs(folder: Path, only: str, dims: Mapping[str, int]) -> Iterator[tuple[str, Graph]]:
    """Every model file with its graph, free dimensions bound; one that cannot be read is named on stderr."""
    with TemporaryDirectory(prefix="edgeplan-coverage-") as scratch:
        for path in sorted(p for p in folder.rglob("*") if only in str(p)):
            try:
                if path.suffix == ".tflite":
                    yield path.name, _tflite(path)
                elif path.suffix == ".onnx":
                    yield path.name, _onnx(path, dims)
                elif path.name.endswith(".onnx.gz"):
                    yield path.name, _onnx(_unpacked(path, Path(scratch)), dims)
            except (ModelError, ValueError) as e:
                print(f"{path.name}: {e}", file=sys.stderr)


def _unpacked(path: Path, scratch: Path) -> Path:
    plain = scratch / "model.onnx"
    with gzip.open(path) as packed, plain.open("wb") as out:
        shutil.copyfileobj(packed, out)
    return plain


def _tflite(path: Path) -> Graph:
    from edgeplan.frontends.tflite import load_tflite

    return load_tflite(path).graph


def _onnx(path: Path, dims: Mapping[str, int]) -> Graph:
    from edgeplan.frontends.onnx import load_onnx

    read = load_onnx(path)
    if not read.free:
        return read.graph
    return load_onnx(path, _sizes(read.graph, read.free) | {n: s for n, s in dims.items() if n in read.free}).graph


def _sizes(graph: Graph, free: Sequence[str]) -> dict[str, int]:
    """A size for each free dimension, from the place where it first stands: 1 for a batch, more for what follows."""
    found: dict[str, int] = {}
    for name in graph.inputs:
        shape = graph.values[name].shape or ()
        for axis, dim in enumerate(shape):
            if isinstance(dim, str):
                image = len(shape) == 4 and (axis >= 2 or 3 in shape)
                found.setdefault(dim, 1 if axis == 0 else SIDE if image else LENGTH)
    return {name: found.get(name, 1) for name in free}


def _pair(text: str) -> tuple[str, int]:
    name, _, size = text.rpartition("=")
    return name, int(size)


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agreement.coverage", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds models/")
    parser.add_argument("--backend", action="append", default=[], choices=DEVICES, help="only these backends")
    parser.add_argument("--only", default="", help="only models whose path contains this")
    parser.add_argument("--dim", action="append", default=[], type=_pair, metavar="NAME=SIZE")
    parser.add_argument("-v", "--verbose", action="store_true", help="count the unknown ops of each model as well")
    return parser.parse_args()


if __name__ == "__main__":
    given = _given()
    print("\n".join(table(given.data, given.backend, given.only, dict(given.dim), given.verbose)))
