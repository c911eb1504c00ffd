"""The HTP compiler's answers to single ops and random variants of them, and AI Hub's placements of whole models."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from zipfile import ZipFile

import onnx

from benchmarks.agreement.case import Case
from benchmarks.agreement.judge import ask_model
from benchmarks.agreement.qnn_aihub import aihub
from benchmarks.agreement.qnn_random import drawn
from edgeplan.target import Target, resolve

__all__ = ["SETS"]

DEVICES: Mapping[int, str] = {
    57: "snapdragon-8-gen-3",
    35: "snapdragon-778g",
    36: "snapdragon-8-gen-1",
    87: "snapdragon-8-elite-gen-5",
    30: "snapdragon-888",
    69: "snapdragon-8-elite",
    43: "snapdragon-8-gen-2",
}
"""The compiler's soc_model to the device that edgeplan is asked about."""

_MODES = {"fp32->fp16": "fp", "qdq u8/i8": "q8", "qdq u16/i8": "q16"}
_WORDS = {"HTP": "runs", "CPU": "refuses", "COMPILE_FAIL": "fails"}
_INVALID = {
    ("Upsample_nearest", "q8"): "no valid model: QuantizeLinear needs opset 10, Upsample has 9",
    ("Upsample_linear", "q8"): "no valid model: QuantizeLinear needs opset 10, Upsample has 9",
    ("GroupNorm", "fp"): "no valid model: the output has no shape",
    ("GroupNorm", "q8"): "no valid model: the output has no shape",
    ("GroupNorm", "q16"): "no valid model: the output has no shape",
}


def _unit(soc: int) -> Target:
    return resolve(DEVICES[soc], backend="qnn")


def _builder(folder: Path) -> ModuleType:
    """The program that wrote the cases' models, which stands beside their answers."""
    spec = spec_from_file_location("opcases", folder / "scripts" / "opcases.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _oracle(data: Path, soc: int) -> Iterator[Case]:
    folder = data / "qualcomm"
    records = json.loads((folder / "data" / "htp_op_oracle.json").read_text("utf-8"))["cases"]
    builder, target = _builder(folder), _unit(soc)
    cases = {case["name"]: case for case in builder.cases}
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "model.onnx"
        for record in records:
            found = record["results"].get(f"soc{soc}")
            if found is None:
                continue
            name, mode = record["case"], _MODES[record["precision"]]
            title, truth = f"{name} {mode}", _WORDS.get(found["placement"], "")
            left_out = _INVALID.get((name, mode), "" if truth else "the record does not say where the op's parts ran")
            if left_out:
                yield Case(title, truth or "unknown", "unknown", "", left_out)
                continue
            builder.build(cases[name], mode, str(path))
            yield Case(title, truth, *ask_model(onnx.load(path), target))


def _variants(data: Path, soc: int) -> Iterator[Case]:
    folder, target = data / "variants", _unit(soc)
    with ZipFile(folder / "models.zip") as models:
        for line in (folder / f"qnn-soc{soc}.jsonl").read_text("utf-8").splitlines():
            record = json.loads(line)
            places = {part["ep"] for part in record.get("subgraphs", ())}
            if not places and not record["error"]:
                yield Case(record["model"], "unknown", "unknown", "", "the whole model is a constant")
                continue
            truth = "fails" if record["error"] else "refuses" if "CPUExecutionProvider" in places else "runs"
            yield Case(record["model"], truth, *ask_model(onnx.load_from_string(models.read(record["model"])), target))


def _random(_: Path, soc: int) -> Iterator[Case]:
    return drawn(f"random-77-soc{soc}.json", _unit(soc))


SETS: Mapping[str, Callable[[Path], Iterator[Case]]] = {
    **{f"htp-op-oracle soc{soc}": partial(_oracle, soc=soc) for soc in (57, 36, 87, 35)},
    **{f"variants soc{soc}": partial(_variants, soc=soc) for soc in (57, 35)},
    **{f"random models soc{soc}": partial(_random, soc=soc) for soc in (57, 35)},
    "aihub": aihub,
}
"""A title to the cases of the records in a folder."""
