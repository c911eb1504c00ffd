"""Asks onnx2tf for the .tflite of an ONNX model, and LiteRT and ONNX Runtime whether the two compute the same.

    python -P onnx2tf_convert.py request.json answer.json

Runs in an environment of onnx2tf's own. `options.output` is where the .tflite goes. Weights that are one number over
and over compute the same whatever the converter does with them: they are drawn at random before it sees the model. The
facts say by how much each output differs, and by how much it changes with another input, in parts per billion (ppb).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGES = {"onnx2tf": "onnx2tf", "onnx": "onnx", "onnxruntime": "onnxruntime", "ai_edge_litert": "ai-edge-litert"}

_LOWERED = re.compile(r"Custom ops lowered: .*")
_ERROR = re.compile(r"ERROR:|[\w.]*(Error|Exception)\b")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def operators(path: Path) -> tuple[list[str], list[str]]:
    """The builtin ops of the first subgraph in order, `CUSTOM` where it is none, and the names of all custom ops."""
    from ai_edge_litert import schema_py_generated as schema

    names = {v: k for k, v in vars(schema.BuiltinOperator).items() if not k.startswith("_")}
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    codes = [max(c.builtinCode, c.deprecatedBuiltinCode) for c in model.operatorCodes]
    first = [names[codes[op.opcodeIndex]] for op in model.subgraphs[0].operators]
    custom = [model.operatorCodes[op.opcodeIndex].customCode for g in model.subgraphs for op in g.operators]
    return first, [c.decode(errors="replace") for c in custom if c]


def origins(report: Path, names: Sequence[str]) -> dict[int, list[str]]:
    """Which ops of the ONNX model each op of the file came from, as far as onnx2tf's report tells."""
    from onnx2tf_compare import mangled

    plain = {mangled(n): n for n in names}
    found: dict[int, list[str]] = {}
    for record in json.loads(report.read_text("utf-8"))["records"]:
        index, name = record["producer_operator_index"], plain.get(mangled(record["onnx_op_name"]))
        if index is not None and name is not None and name not in found.setdefault(index, []):
            found[index].append(name)
    return found


def convert(path: Path, folder: Path) -> str:
    """Run onnx2tf on a file, which it overwrites, into a folder; returns what it says of custom ops."""
    # It calls the simplifier as a program, which lies beside this Python.
    search = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    command = [sys.executable, "-P", "-m", "onnx2tf", "-i", str(path), "-o", str(folder), "-n"]
    run = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        stdin=subprocess.DEVNULL, env={**os.environ, "PATH": search, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    log = _COLOUR.sub("", run.stdout)
    if run.returncode or not list(folder.glob("*_float32.tflite")):
        raise ValueError(complaint(log) or f"onnx2tf ended with {run.returncode} and no file")
    said = _LOWERED.search(log)
    return said[0] if said else ""


def complaint(log: str) -> str:
    """The last line that speaks of an error; empty when none does."""
    lines = [line.strip() for line in log.splitlines()]
    return next((line for line in reversed(lines) if _ERROR.match(line)), "")


def main() -> None:
    """Convert, count, compare; what is known stands in the answer before the next step begins."""
    request = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    answer: dict[str, Any] = {}

    def write(**more: Any) -> None:
        answer.update(more)
        Path("answer.part").write_text(json.dumps(answer), "utf-8")
        os.replace("answer.part", sys.argv[2])

    absent = [package for module, package in PACKAGES.items() if find_spec(module) is None]
    if absent:
        return write(missing=f"the Python package {absent[0]}")
    write(versions={p: version(p) for p in PACKAGES.values()})
    sys.path.append(str(Path(__file__).parent))  # `-P` leaves it out
    try:
        _ask(Path(request["model"]), Path(request["options"]["output"]), write)
    except ValueError as e:
        write(error=str(e))
    except Exception as e:  # whatever the packages throw is their answer
        write(error=f"{type(e).__name__}: {e}")


def _ask(source: Path, output: Path, write: Any) -> None:
    import onnx
    from onnx2tf_compare import Reference, compare, inputs_for
    from onnx2tf_weights import draw_weights

    model = onnx.load(source)
    names = [n.name for n in model.graph.node]
    drawn = draw_weights(model)
    model.ir_version = min(max(model.ir_version, 8), 10)  # before 4 weights are inputs; ONNX Runtime lags behind ONNX
    onnx.save(model, "model.onnx")
    del model
    inputs_for(Reference(Path("model.onnx")).sizes, 1)  # what cannot run need not be converted
    shutil.copyfile("model.onnx", "given.onnx")
    folder = Path("made")
    words = convert(Path("given.onnx"), folder)
    made = next(folder.glob("*_float32.tflite"))
    ops, custom = operators(made)
    facts = [{"name": "ops", "value": len(ops), "unit": "ops"}, {"name": "drawn", "value": drawn, "unit": "tensors"}]
    report = next(folder.glob("*_tensor_correspondence_report.json"), None)
    known = origins(report, names) if report else {}
    kernels = [{"name": str(i), "type": t, "ops": known.get(i, [])} for i, t in enumerate(ops)]
    write(facts=facts, kernels=kernels)
    if custom or words:
        counted = ", ".join(f"{name} x{n}" for name, n in Counter(custom).most_common())
        raise ValueError(f"custom ops that no runtime has: {counted or words}")
    facts += compare(Path("model.onnx"), made)
    shutil.copyfile(made, output.with_suffix(".part"))
    os.replace(output.with_suffix(".part"), output)
    write(facts=facts, done=True)


if __name__ == "__main__":
    main()
