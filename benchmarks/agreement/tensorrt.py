"""What TensorRT-RTX's parser and builder said of small models, against the GPU rows of TensorRT.

The models are rebuilt from the installed onnx package, the answers are read from rules/tensorrt/runs/ and from the
folder with reference data; `ask` writes such records.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import onnx

from benchmarks.agreement import tensorrt_models, tensorrt_probes, tensorrt_random
from benchmarks.agreement.case import Case
from benchmarks.agreement.judge import ask, unit_target
from benchmarks.agreement.tensorrt_models import Question
from edgeplan.frontends.onnx import load_onnx
from edgeplan.target import Target
from edgeplan.verify.referees import load_referee

__all__ = ["SETS"]

RUNS = Path(__file__).resolve().parent.parent.parent / "rules" / "tensorrt" / "runs"
REFEREE = load_referee("tensorrt-rtx")
"""What TensorRT-RTX stands for: the release whose parser is of its generation, its chips, and where it differs."""
SM = {chip.says: chip.generations[0] for chip in REFEREE.chip if not chip.stands_for}
"""The GPU generation that a record's target is."""


@cache
def _target(sm: str) -> Target:
    return unit_target("tensorrt", "gpu", REFEREE.release, generation=SM[sm], precision="model")


def _left_out(model: onnx.ModelProto, message: str, sm: str) -> str:
    """Why an answer speaks of the edition and not of TensorRT, where it does."""
    ops = {node.op_type for node in model.graph.node if node.domain == ""} | {"*"}
    said = (k.why for k in REFEREE.exception if ops & {*k.ops} and k.words in message and sm in (k.chips or (sm,)))
    return next(said, "")


def _case(name: str, model: onnx.ModelProto, stage: str, message: str, sm: str = "SM86") -> Case:
    try:
        said, why = ask(load_onnx(model).graph, _target(sm))
    except (ValueError, onnx.checker.ValidationError) as error:  # what cannot be read is not known
        said, why = "unknown", str(error)
    truth = "runs" if stage == "runs" else "refuses"
    return Case(name, truth, said, why or message, _left_out(model, message, sm))


def _record(path: Path) -> tuple[str, dict[str, tuple[str, str]]]:
    """The target of a record, and its answers by model."""
    found = json.loads(path.read_text("utf-8"))
    told = {m: (a["stage"], a["message"]) for a in found["answers"] for m in a["models"]}
    return found["target"], told


def _rebuilt(file: str, models: Callable[[], Iterator[tuple[str, onnx.ModelProto]]]) -> Iterator[Case]:
    sm, told = _record(RUNS / file)
    found = 0
    for name, model in models():
        if name in told:
            found += 1
            yield _case(name, model, *told[name], sm)
    if found < len(told):
        print(f"{file}: onnx {onnx.__version__} makes {found} of its {len(told)} models", file=sys.stderr)


def _node_tests(_: Path) -> Iterator[Case]:
    return _rebuilt("node-tests-sm86.json", lambda: ((q.name, q.model) for q in tensorrt_models.node_tests()))


def _retyped(_: Path) -> Iterator[Case]:
    return _rebuilt("retyped-sm86.json", lambda: ((q.name, q.model) for q in tensorrt_models.retyped()))


def _probes(_: Path) -> Iterator[Case]:
    return _rebuilt("probes-sm86.json", tensorrt_probes.models)


def _drawn(
    file: str, seed: int, count: int, draw: Callable[[int, int], Iterator[Question]] = tensorrt_random.models
) -> Callable[[Path], Iterator[Case]]:
    def cases(_: Path) -> Iterator[Case]:
        return _rebuilt(file, lambda: ((q.name, q.model) for q in draw(seed, count)))

    return cases


def _variants(data: Path) -> Iterator[Case]:
    with zipfile.ZipFile(data / "variants" / "models.zip") as z:
        for line in (data / "variants" / "rtx-sm86.jsonl").read_text("utf-8").splitlines():
            told = json.loads(line)
            model = onnx.load_from_string(z.read(told["model"]))
            stage = "runs" if told.get("build") else "builder" if told["parse"] else "parser"
            yield _case(told["model"], model, stage, f"{told['errors']} {told['build_log']}")


SETS: Mapping[str, Callable[[Path], Iterator[Case]]] = {
    "TensorRT-RTX 1.7.1, SM86: onnx's backend node tests, as they are and with known weights": _node_tests,
    "TensorRT-RTX 1.7.1, SM86: two node tests an operator in every data type": _retyped,
    "TensorRT-RTX 1.7.1, SM86: probes of single attributes and limits": _probes,
    "TensorRT-RTX 1.7.1, SM86: variants of the operators of known networks": _variants,
    "TensorRT-RTX 1.7.1, SM86: random models of one operator": _drawn("random-41-sm86.json", 41, 2000),
    "TensorRT-RTX 1.7.1, SM86: random models of opset 7 to 12": _drawn(
        "old-2-sm86.json", 2, 1000, tensorrt_random.old_models
    ),
    "TensorRT-RTX 1.7.1, SM75: random models of one operator": _drawn("random-12-sm75.json", 12, 500),
    "TensorRT-RTX 1.7.1, SM89: random models of one operator": _drawn("random-12-sm89.json", 12, 500),
    "TensorRT-RTX 1.7.1, SM120: random models of one operator": _drawn("random-12-sm120.json", 12, 500),
}
