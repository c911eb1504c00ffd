"""LiteRT's own answers against the rows: its GPU accelerator and XNNPACK about a battery of small models and about
published ones. The answers about the models are in rules/tflite/runs; `ask` writes those of XNNPACK.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks.agreement.case import Case
from benchmarks.agreement.judge import ask, unit_target
from edgeplan.capability.rows import rules_dir
from edgeplan.frontends.tflite import load_tflite
from edgeplan.place.partition import place
from edgeplan.place.support import Judge, Verdict
from edgeplan.target import resolve

__all__ = ["SETS"]

GPU = "gpu_full(LiteRT2.3 WebGPU on SwiftShader)"
"""The column that says whether the GPU took the whole model."""


def gpu_battery(data: Path) -> Iterator[Case]:
    """Whether the GPU takes all ops of a small model."""
    target = unit_target("tflite", "gpu")
    for row in _battery(data):
        said, why = ask(load_tflite(data / "tflite" / "battery" / f"{row['case']}.tflite").graph, target)
        yield Case(row["case"], "runs" if row[GPU] == "True" else "refuses", said.replace("fails", "refuses"), why)


def xnnpack_battery(data: Path) -> Iterator[Case]:
    """How many ops of a small model XNNPACK takes: all, or exactly as many as it did."""
    judge = Judge(unit_target("tflite", "xnnpack"))
    for row in _battery(data):
        graph = load_tflite(data / "tflite" / "battery" / f"{row['case']}.tflite").graph
        taken, total = int(row["xnnpack_delegated"]), int(row["xnnpack_total"])
        verdicts = [judge.support(graph, op)[0].verdict for op in graph.ops]
        count = sum(v.usable for v in verdicts)
        truth = "runs" if taken == total else "refuses"
        said = "unknown" if Verdict.UNKNOWN in verdicts else "runs" if count == len(graph.ops) else "refuses"
        yield Case(row["case"], truth, said if count == taken or said != truth else "unknown", f"{count} of {taken}")


def xnnpack_models(data: Path) -> Iterator[Case]:
    """Op by op, whether XNNPACK takes it, for published models."""
    judge = Judge(unit_target("tflite", "xnnpack"))
    answers = rules_dir() / "tflite" / "runs" / "litert-2.3-xnnpack-models.jsonl"
    for line in answers.read_text("utf-8").splitlines():
        answer = json.loads(line)
        path = data / "models" / "tflite" / answer["file"]
        if "error" in answer or not path.is_file():
            continue
        graph = load_tflite(path, dims=None).graph
        for number, (op, bit) in enumerate(zip(graph.ops, answer["taken"], strict=True)):
            support = judge.support(graph, op)[0]
            said = "runs" if support.verdict.usable else support.verdict.value
            why = ", ".join(r.id for r in support.rows or support.open)
            yield Case(f"{path.stem}#{number} {op.label}", "runs" if bit == "1" else "refuses", said, why)


def gpu_models(data: Path) -> Iterator[Case]:
    """How many ops of published models run on the GPU, when the runtime keeps one part of the graph there."""
    target = resolve("pixel8", "tflite")
    for line in (rules_dir() / "tflite" / "runs" / "litert-2.3-gpu-models.jsonl").read_text("utf-8").splitlines():
        answer = json.loads(line)
        path = data / "models" / "tflite" / answer["file"]
        if "error" in answer or not path.is_file():
            continue
        graph = load_tflite(path).graph
        count = sum(unit == "gpu" for unit in place(graph, target).units)
        total = len(graph.ops)
        taken = total if answer["gpu"] == "all" else answer["gpu"]
        truth, said = ("runs" if n == total else "refuses" for n in (taken, count))
        yield Case(path.stem, truth, said if count == taken or said != truth else "unknown", f"{count} of {taken}")


def _battery(data: Path) -> Iterator[Mapping[str, str]]:
    with (data / "tflite" / "ops" / "battery_results.csv").open(encoding="utf-8") as f:
        yield from csv.DictReader(f)


SETS: Mapping[str, Callable[[Path], Iterator[Case]]] = {
    "gpu-battery": gpu_battery,
    "xnnpack-battery": xnnpack_battery,
    "xnnpack-models": xnnpack_models,
    "gpu-models": gpu_models,
}
