"""Holds the sizes that `edgeplan compress` gives against files of the vendors' tools, and writes the page of it.

    python -m benchmarks.compress.sizes --models FOLDER... [-o docs/compress-sizes.md]

The measured figures are kept (`measured/*.csv`, by the programs `ask_*.py`); only the models are needed, by their file
names: `NAME.onnx`, and for LiteRT the float32 file as `NAME.fp32.tflite` or `NAME.tflite`.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from statistics import median

from edgeplan.compression.layers import layers_of, split
from edgeplan.compression.offers import offers
from edgeplan.compression.sizes import download_size
from edgeplan.frontends import load_model
from edgeplan.graph import Graph
from edgeplan.lower.scheme import Scheme, parse_scheme
from edgeplan.memory.range import Range
from edgeplan.place.lowered import lower_for
from edgeplan.target import Target, resolve
from edgeplan.units import say_bytes

MEASURED = Path(__file__).parent / "measured"
PREFACE = Path(__file__).parent / "preface.md"
NEAR = 0.01
_NAMED = 12
"""Of the files that are farther off than that, how many are named."""


@dataclass(frozen=True, slots=True)
class Set:
    """Files that one vendor's tools wrote. `tool` is the column that says by which."""

    title: str
    file: str
    tool: str
    size: str
    device: str
    backend: str


SETS = (
    Set("Core ML, from PyTorch", "coreml_pytorch.csv", "route", "package", "iphone11pro", "coreml"),
    Set("Core ML, by converters from ONNX", "coreml_onnx.csv", "route", "package", "iphone11pro", "coreml"),
    Set("Core ML, networks before training", "coreml_untrained.csv", "route", "package", "iphone11pro", "coreml"),
    Set("LiteRT", "tflite.csv", "tool", "bytes", "pixel7", "tflite"),
    Set("ONNX, QDQ", "onnx.csv", "tool", "bytes", "iphone14pro", "onnxruntime-coreml"),
)


@dataclass(frozen=True, slots=True)
class Held:
    """One file: how large it is, and how large it was said to be."""

    model: str
    tool: str
    scheme: str
    measured: int
    said: Range

    @property
    def off(self) -> float:
        """How far the likely size is off, as a part of the measured one."""
        return self.said.likely / self.measured - 1

    @property
    def within(self) -> bool:
        """Whether the file is within the range."""
        return self.said.low <= self.measured <= self.said.high


def held(files: Set, models: Mapping[str, Path]) -> Iterator[Held]:
    """Every measured file whose model is there."""
    with (MEASURED / files.file).open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            if row["model"] not in models:
                continue
            release = row.get("deployment", "").replace("iOS", "iOS ") or None
            said = predicted(models[row["model"]], resolve(files.device, files.backend, release), row["scheme"])
            tool = " ".join(filter(None, (row[files.tool], release)))
            yield Held(row["model"], tool, row["scheme"], int(row[files.size]), said)


def predicted(path: Path, target: Target, name: str) -> Range:
    """The size of the download under a scheme, all layers taken that the backend's tools take."""
    scheme, precision = scheme_of(name), "float32" if name == "fp32" else target.precision
    graph = lowered(path, target.backend.name, target.release, precision)
    (offer,) = offers(target.backend, target.release, target.units, [scheme])
    taken, _ = split(layers_of(graph), scheme, replace(offer, verdict="takes"))
    return download_size(graph, target, scheme, taken)


def scheme_of(name: str) -> Scheme:
    """A scheme by name; published tables also have a sparsity of 75 %."""
    if name == "sparse75":
        return replace(parse_scheme("sparse70"), name=name, sparsity=0.75)
    return parse_scheme(name)


@cache
def lowered(path: Path, backend: str, release: str, precision: str) -> Graph:
    """A model as a release of a backend holds it."""
    device = next(s.device for s in SETS if s.backend == backend)
    return lower_for(load_model(path).graph, resolve(device, backend, release), precision)


def page(found: Mapping[Set, Sequence[Held]]) -> Iterator[str]:
    """The tables: each set, each model of it, and the files farthest off."""
    yield "| | files | within 1 % | in the range given | off in the middle | at worst |"
    yield "|---|--:|--:|--:|--:|--:|"
    for files, rows in found.items():
        yield row_of(files.title, rows)
    for files, rows in found.items():
        yield from ("", f"## {files.title}", "")
        yield "| model | written by | files | within 1 % | in the range given | off in the middle | at worst |"
        yield "|---|---|--:|--:|--:|--:|--:|"
        groups: dict[tuple[str, str], list[Held]] = {}
        for row in rows:
            groups.setdefault((row.model, row.tool.split(" ")[0]), []).append(row)
        for (model, tool), group in groups.items():
            yield row_of(f"`{model}` | {tool}", group)
        far = sorted((r for r in rows if abs(r.off) > NEAR), key=lambda r: -abs(r.off))
        if not far:
            continue
        yield from ("", "| farther off | scheme | written by | measured | said | off |", "|---|---|---|--:|--:|--:|")
        for r in far[:_NAMED]:
            yield f"| `{r.model}` | {r.scheme} | {r.tool} | {say_bytes(r.measured)} | {r.said} | {r.off:+.1%} |"
        if len(far) > _NAMED:
            yield f"| {len(far) - _NAMED} more | | | | | |"


def row_of(title: str, rows: Sequence[Held]) -> str:
    """A row of a table: how many files are near, and how far off they are."""
    near, within = sum(abs(r.off) <= NEAR for r in rows), sum(r.within for r in rows)
    off = [abs(r.off) for r in rows]
    return f"| {title} | {len(rows)} | **{near}** | {within} | {median(off):.2%} | {max(off):.1%} |"


def main() -> None:
    """Compare and write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compress.sizes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--models", type=Path, nargs="+", required=True, help="folders of models")
    parser.add_argument("-o", "--output", type=Path, help="write the page there, too")
    given = parser.parse_args()
    onnx = {p.stem: p for folder in given.models for p in sorted(folder.glob("*.onnx"))}
    floats = {p.stem.removesuffix(".fp32"): p for folder in given.models for p in sorted(folder.glob("*.tflite"))}
    found: dict[Set, Sequence[Held]] = {}
    for files in SETS:
        rows = tuple(held(files, floats if files.backend == "tflite" else onnx))
        if rows:
            found[files] = rows
        else:
            print(f"{files.file}: none of its models is there", file=sys.stderr)
    text = "\n".join([PREFACE.read_text("utf-8").rstrip(), "", *page(found)])
    print(text)
    if given.output:
        given.output.write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    main()
