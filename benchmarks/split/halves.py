"""Cuts models at random places and holds the halves against the whole: every bit of every output.

    python -m benchmarks.split.halves MODELS... [--cuts 4] [--seed 0] [--largest 300] [--table FILE.csv]

MODELS are files or folders of .onnx. Of each model, as many prefixes of its ops in order are cut off, and as many
random sets of ops that no op outside hands anything to; the halves are written, checked by onnx's checker, and run in
onnxruntime one after the other, without its rewrites and with all of them.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import onnx

from edgeplan import ModelError
from edgeplan.graph import Graph
from edgeplan.surgery.compressing.calibration import random_samples
from edgeplan.surgery.compressing.outcome import CompressError
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.equivalence import with_random_weights
from edgeplan.surgery.halves import Halves, cut_in_two
from edgeplan.surgery.splitting.check import Check, hold_halves
from edgeplan.surgery.writing import write_model
from tests.surgery.splitting.trial import closed, prefix

__all__ = ["main"]

SIZE = 64
"""What free dimensions are bound to; a first axis, that of a batch, to 1."""

RUNS = 2
"""Random inputs that every cut is run on."""


@dataclass(frozen=True, slots=True)
class Row:
    """One cut. `verdict` is `equal`, `near` (equal only without onnxruntime's rewrites), `float16` (rounded more often,
    see `edgeplan.surgery.splitting.check`), `UNEQUAL`, `BROKEN`, `refused`, `not run` or `no model`; `plain` and
    `usual` the largest differences without the rewrites and with them, `own` how far these move the whole itself.
    `crossing` tensors of `bytes` are handed over; both halves' files have `extra` bytes more than the model's.
    """

    model: str
    cut: str
    ops: int
    device_ops: int
    crossing: int
    bytes: int
    verdict: str
    plain: float = 0.0
    usual: float = 0.0
    own: float = 0.0
    checked: str = ""
    extra: int = 0
    why: str = ""


def main() -> None:
    """Cut, run, print a line a model and the sums."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("models", nargs="+", type=Path)
    asked.add_argument("--cuts", type=int, default=4)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--largest", type=float, default=300, help="MB of a file beyond which it is left out")
    asked.add_argument("--table", type=Path, help="a .csv file to write every cut to")
    args = asked.parse_args()
    rows: list[Row] = []
    for path in _files(args.models, args.largest * 1e6):
        start = time.monotonic()
        found = list(_rows(path, args.cuts, args.seed))
        rows += found
        print(f"{path.name:50s} {_sums(found)}  {time.monotonic() - start:.0f} s", flush=True)
        for row in found:
            if row.verdict in ("UNEQUAL", "BROKEN") or row.checked:
                print(f"    {row.cut}: {row.verdict} {row.plain:.1e} {row.usual:.1e} {row.checked} {row.why}")
    print(f"{len({r.model for r in rows})} models, {len(rows)} cuts: {_sums(rows)}")
    if args.table is not None:
        with args.table.open("w", newline="") as file:
            table = csv.DictWriter(file, [f.name for f in fields(Row)])
            table.writeheader()
            table.writerows(asdict(row) for row in rows)
    sys.exit(any(row.verdict in ("UNEQUAL", "BROKEN") for row in rows))


def _files(given: Sequence[Path], largest: float) -> list[Path]:
    """The models, smaller ones first, each name once."""
    found = {f.name: f for path in given for f in (sorted(path.glob("*.onnx")) if path.is_dir() else [path])}
    return sorted((f for f in found.values() if f.stat().st_size <= largest), key=lambda f: f.stat().st_size)


def _sums(rows: Sequence[Row]) -> str:
    verdicts = [row.verdict for row in rows]
    return ", ".join(f"{verdicts.count(v)} {v}" for v in dict.fromkeys(verdicts))


def _rows(path: Path, cuts: int, seed: int) -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        try:
            draft = _opened(path, Path(folder))
        except (ModelError, ValueError) as e:
            yield Row(path.name, "", 0, 0, 0, 0, "no model", why=str(e))
            return
        whole = Path(folder) / "whole.onnx"
        if draft.blank:
            draft = with_random_weights(draft, whole)
        else:
            write_model(draft, whole, whole)
        for cut, names in _cuts(draft.graph, cuts, Random(f"{seed} {path.name}")):
            yield _row(path.name, cut, draft, names, whole, Path(folder))


def _opened(path: Path, folder: Path) -> Draft:
    """The model with every free dimension bound."""
    from edgeplan.frontends import load_model
    from edgeplan.surgery.binding import bind

    draft = Draft.open(path)
    read = draft.read
    first = {v.shape[0] for n in read.graph.inputs if (v := read.graph.values[n]).shape and isinstance(v.shape[0], str)}
    dims = {name: 1 if name in first else SIZE for name in read.free}
    if dims:
        load_model(path, dims)
        bind(draft, dims, {}, {})
    return draft


def _cuts(graph: Graph, count: int, random: Random) -> Iterator[tuple[str, frozenset[str]]]:
    """The cloud's ops: all behind a place in the order, or all but those some random ops need."""
    for kind, draw in (("behind a place", prefix), ("all but some", closed)):
        for turn in range(count):
            yield f"{kind}, {turn + 1}", draw(graph, random)


def _row(name: str, cut: str, draft: Draft, names: frozenset[str], whole: Path, folder: Path) -> Row:
    ops = len(draft.graph.ops)
    halves = cut_in_two(draft, names)
    if isinstance(halves, str):
        return Row(name, cut, ops, ops - len(names), 0, 0, "refused", why=halves)
    parts = [write_model(part, folder / f"{side}.onnx", whole)[0] for side, part in halves.parts.items()]
    crossing = (*halves.carried, *halves.boundary)
    sent = sum(draft.graph.values[n].bytes or 0 for n in crossing)
    try:
        found = hold_halves(whole, parts, draft.graph, random_samples(draft.read, whole, RUNS))
    except CompressError as e:
        found = Check.not_run(str(e))
    size = sum(p.stat().st_size for p in parts) - whole.stat().st_size
    why = found.broken or found.why or _constants(draft.graph, halves)
    return Row(
        name, cut, ops, ops - len(names), len(crossing), sent, _verdict(found), found.plain.worst,
        found.optimised.worst, found.own or 0.0, _checked(parts, whole), size, why,
    )  # fmt: skip


def _constants(graph: Graph, halves: Halves) -> str:
    """What crosses though it is known before the model runs: none should."""
    known = [n for n in halves.boundary if graph.values[n].const]
    return f"constants cross: {known}" if known else ""


def _verdict(found: Check) -> str:
    if found.broken:
        return "UNEQUAL" if found.plain.runs else "BROKEN"
    if not found.plain.runs:
        return "not run"
    if not found.plain.bit_equal:
        return "float16"
    return "equal" if found.optimised.bit_equal else "near"


def _checked(parts: Sequence[Path], whole: Path) -> str:
    """What onnx's checker has against the halves and not against the whole."""
    for part in parts:
        try:
            onnx.checker.check_model(str(part), full_check=True)
        except Exception as e:
            try:
                onnx.checker.check_model(str(whole), full_check=True)
            except Exception:
                return ""
            return f"{part.name}: {str(e).splitlines()[0][:160]}"
    return ""


if __name__ == "__main__":
    main()
