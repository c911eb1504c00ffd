"""TensorRT's region of activations and workspaces, planned beside what TensorRT-RTX's builder says of its engines.

Measured is 'Total Activation Memory' of `ask_tensorrt_memory.py`: engines for SM86, weights drawn anew, streams as by
default, in the precision of the file and cast to float16. Planned is the likely value of both terms together.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.memory.compared import Compared
from edgeplan.capability.rows import rules_dir
from edgeplan.frontends import load_model
from edgeplan.frontends.errors import ModelError
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.plan import MemoryPlan, plan_memory
from edgeplan.place.lowered import lower_for
from edgeplan.target import Target, resolve

__all__ = ["ABOUT", "MEASURED", "REACH", "TITLE", "held_out", "plans", "rows"]

TITLE = "TensorRT, activations and workspaces"
REACH = (0.9, 0.2)
"""At least this part of the networks within this relative error."""
ABOUT = (
    "TensorRT-RTX 1.7.1, CPU-only builder, target SM86: the size of the one region that holds activations and"
    " workspaces. How kernels are fused, put on streams and placed was read off the engines of one half of the networks"
    " and of small graphs made for it; the others are held out, but that misses among them led to asking how much work"
    " a branch must do to get a stream. `unseen_` are networks exported when the rules stood: 64 of their 76 engines"
    " were within the tolerance at first look, 67 after rules that their misses led to. JetPack's TensorRT was not"
    " measured: its range is wider than the likely value that is compared here."
)

MEASURED = rules_dir() / "tensorrt" / "runs" / "2026-11-22-memory-networks.csv"
_RESIDUAL = {"fcn_resnet50", "mc3_18", "r3d_18", "regnet_x_400mf"}
_MOBILE = {"efficientnet_b1", "lraspp_mobilenet_v3", "mnasnet1_3", "shufflenet_v2_x0_5"}
_UNSEEN = _RESIDUAL | _MOBILE | {"alexnet", "densenet121", "s3d", "swin_v2_t", "vit_b_32"}
"""Networks of torchvision that were exported for the last look."""
_LEAST = 2**16
"""Bytes of weights below which a model is a test of one op."""


def held_out(model: str) -> bool:
    """Whether no rule was read off the network, or only after it was compared."""
    return (
        model in _UNSEEN
        or model.startswith("unseen_")
        or (not model.startswith("light_") and zlib.crc32(f"{model}.onnx".encode()) % 2 == 1)
    )


def rows(*folders: Path) -> Iterator[Compared]:
    """A row for each network and precision that was measured and whose file lies in one of the folders."""
    for row, plan in plans(*folders):
        likely = sum(t.size.likely for t in plan.terms if t.name in ("activations", "workspace"))
        measured = int(row["activations"])
        what = f"{row['precision']}{', held out' if held_out(row['model']) else ''}"
        yield Compared(row["model"], what, (measured, measured), (likely, likely))


def plans(*folders: Path) -> Iterator[tuple[dict[str, str], MemoryPlan]]:
    """The measured rows with streams as by default, each with the plan of its network."""
    found = {path.stem: path for folder in folders for path in sorted(folder.rglob("*.onnx"))}
    whole = resolve("jetson-orin-nano-8gb", "tensorrt", "10.3")
    with MEASURED.open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            if row["aux_streams"] or row["model"] not in found or int(row["parameters"]) < _LEAST:
                continue
            plan = _plan(found[row["model"]], replace(whole, precision=row["precision"]))
            if plan is not None:
                yield row, plan


def _plan(path: Path, target: Target) -> MemoryPlan | None:
    try:
        graph = lower_for(load_model(path).graph, target)
    except (ModelError, ValueError):
        return None
    return plan_memory(Deployment(graph, target, ("gpu",) * len(graph.ops), ()))
