"""Prunes networks to half their multiply-accumulates, and to budgets: `python -m benchmarks.prune.measured FOLDER...`.

Every .onnx file of the folders is pruned to 50 % of its MACs, written and run in onnxruntime; then to budgets of memory
between what it needs and what it needs with every group at its floor, on several devices, and the model that was cut,
not the plan it was cut by, is planned again. With `--write` the tables go to docs/prune-measured.md. `--reference` is a
table of what torch-pruning makes of networks of torchvision, as `benchmarks/prune/reference.csv` has it.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeplan.frontends import load_model
from edgeplan.frontends.errors import BindingError, ModelError
from edgeplan.plan import analyze_graph
from edgeplan.pruning.goal import Goal
from edgeplan.pruning.plan import plan_pruning
from edgeplan.pruning.structure import structure_of
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.pruning.cut import cut
from edgeplan.surgery.pruning.prepare import prepare
from edgeplan.surgery.pruning.pruning import PruneError, prune_model
from edgeplan.target import resolve
from edgeplan.units import say_count

PAGE = Path(__file__).parents[2] / "docs" / "prune-measured.md"
REFERENCE = Path(__file__).with_name("reference.csv")
DEVICES = (("iphone14pro", "coreml"), ("galaxys24", "qnn"), ("jetson-orin-nano", "tensorrt"), ("pixel8", "tflite"))
DIMS = {"N": 1, "S": 128, "T": 16}
"""What free dimensions of these names are bound to."""

PARTS = (0.75, 0.5, 0.25)
"""Budgets, as parts of the way from the floor up to what the model needs."""


@dataclass(frozen=True, slots=True)
class Half:
    """A network at half its MACs: what is left of it, and what came of running it."""

    name: str
    macs: tuple[int, int]
    parameters: tuple[int, int]
    groups: int
    said: str
    seconds: float


def half(path: Path) -> Half:
    """Prune a file to half of its MACs, write it, run it."""
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        free = load_model(path).free
        dims = {name: DIMS[name] for name in free if name in DIMS}
        found = prune_model(path, None, Goal("macs", 0.5), output=Path(folder) / path.name, dims=dims)
    plan = found.plan
    said = f"runs ({found.runs})" if found.runs else found.why or "not run"
    return Half(
        path.name,
        (plan.before.macs or 0, plan.after.macs or 0),
        (plan.before.parameters, plan.after.parameters),
        len(plan.groups),
        said if plan.met else plan.why,
        time.process_time() - start,
    )


def budgets(path: Path) -> Iterator[tuple[str, bool]]:
    """For every device and feasible budget whether the model that was cut meets it in the planner."""
    draft = prepare(Draft.open(path))
    structure = structure_of(draft.graph)
    for device, backend in DEVICES:
        target = resolve(device, backend)
        floor = plan_pruning(structure, target, Goal("memory", 1.0))
        most, least = floor.before.peak, floor.after.peak
        if most is None or least is None or most - least < 0.01 * most:
            continue
        for part in PARTS:
            wanted = int(least + part * (most - least))
            made = plan_pruning(structure, target, Goal("memory", wanted))
            plan = analyze_graph(cut(draft, made.kept).graph, target)
            yield f"{device} ({backend})", plan.memory.peak.likely <= wanted


def reference_rows(found: Iterable[tuple[str, str, int, int]]) -> Iterator[str]:
    """What torch-pruning makes of a network beside what `--ratio 0.5` makes: MACs and parameters."""
    ours = {name: (macs, parameters) for name, _, macs, parameters in found}
    with REFERENCE.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["network"] in ours:
                macs, parameters = ours[row["network"]]
                theirs = int(row["macs"]), int(row["parameters"])
                yield (
                    f"| {row['network']} "
                    f"| {theirs[0] / 1e6:,.1f} M | {macs / 1e6:,.1f} M | {macs / theirs[0] - 1:+.2%} "
                    f"| {theirs[1] / 1e6:.3f} M | {parameters / 1e6:.3f} M | {parameters / theirs[1] - 1:+.2%} |"
                )


def halved(path: Path) -> tuple[str, str, int, int]:
    """A network with half the channels of every group."""
    structure = structure_of(prepare(Draft.open(path)).graph)
    after = plan_pruning(structure, None, Goal("ratio", 0.5)).after
    return path.name.split(".")[0], path.name, after.macs or 0, after.parameters


def main(arguments: Sequence[str] | None = None) -> int:
    """Run over the folders; rows are printed as they are made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--no-budgets", action="store_true")
    given = parser.parse_args(arguments)
    paths = sorted(p for f in given.folders for p in (f.glob("*.onnx") if f.is_dir() else [f]))
    rows, met, compared = [], dict[str, list[bool]](), []
    wanted = {r["network"] for r in csv.DictReader(REFERENCE.open(encoding="utf-8"))}
    for path in paths:
        try:
            one = half(path)
            if path.name.split(".")[0] in wanted:
                compared.append(halved(path))
        except (ModelError, PruneError, BindingError, ValueError) as e:
            row = f"| {path.name} | | | | {e} | |"
        else:
            m, p = one.macs, one.parameters
            row = (
                f"| {one.name} | {say_count(m[0])} -> {say_count(m[1])} ({m[1] / max(m[0], 1):.0%}) "
                f"| {say_count(p[0])} -> {say_count(p[1])} | {one.groups} | {one.said} | {one.seconds:.1f} |"
            )
        rows.append(row)
        print(row, flush=True)
        if given.no_budgets:
            continue
        try:
            for device, holds in budgets(path):
                met.setdefault(device, []).append(holds)
        except (ModelError, ValueError) as e:
            print(f"  no budgets: {e}", file=sys.stderr)
    sums = [f"| {d} | {len(found)} | {sum(found)} | {sum(found) / len(found):.1%} |" for d, found in met.items()]
    beside = list(reference_rows(compared))
    print("\n".join((*sums, *beside)))
    if given.write:
        PAGE.write_text(page(rows, sums, beside), encoding="utf-8")
    return 0


def page(rows: Sequence[str], sums: Sequence[str], beside: Sequence[str]) -> str:
    """The page with its three tables."""
    return "\n".join(
        (
            "# What pruning makes of networks",
            "",
            "Written by `python -m benchmarks.prune.measured FOLDER... --write`. A model without training has",
            "weights of one number, so nothing is said of accuracy here; [accuracy.md](accuracy.md) does for a",
            "network that has been trained.",
            "",
            "## Half of the multiply-accumulates",
            "",
            "`edgeplan prune MODEL --to-macs 50%`, without a target; the new model is written and run in onnxruntime.",
            "",
            "| network | MACs | parameters | groups | came of it | CPU-s |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            "## Budgets of memory",
            "",
            "Budgets a quarter, half and three quarters of the way from what a network needs with every group at its",
            "floor up to what it needs; counted are those that the network that was cut, planned anew, meets.",
            "",
            "| device | budgets | met | |",
            "|---|---|---|---|",
            *sums,
            "",
            "## Beside torch-pruning",
            "",
            "Half of the channels of every group: `--ratio 0.5` beside torch-pruning 1.6.0's `MagnitudePruner` with",
            "`pruning_ratio=0.5` on the same networks of torchvision in PyTorch. MACs are those of convolutions and",
            "linear layers; an ONNX file has its BatchNorms folded away, so it has fewer parameters to begin with.",
            "",
            "| network | torch-pruning MACs | edgeplan | | torch-pruning parameters | edgeplan | |",
            "|---|---|---|---|---|---|---|",
            *beside,
            "",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
