"""Asks LiteRT's interpreter which ops of a .tflite file XNNPACK takes, and which its builtin kernels run.

    python -P litert_cpu.py request.json answer.json

Option `inputs`: shapes by the name of an input, to which the interpreter is resized before it prepares the model.
Option `run`: compute it once as well, on ones; some kernels refuse no sooner than that.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litert_nodes import Step

PACKAGE = "ai_edge_litert"
UNRESOLVED = re.compile(r"Encountered unresolved custom op: ([^.]+)\.")
FAILED = re.compile(r"Node number (\d+) \(\w+\) failed to (?:prepare|invoke)")
KEPT: list[object] = []


def placed(model: str, inputs: Mapping[str, Sequence[int]], run: bool = False) -> dict[str, Any]:
    """The fields of `Said` about one file, but for its arena."""
    from ai_edge_litert.interpreter import Interpreter
    from litert_nodes import partitions

    said: dict[str, Any] = {"versions": {"ai-edge-litert": version("ai-edge-litert")}}
    try:
        interpreter = Interpreter(model, num_threads=1)
        types = op_types(interpreter._get_ops_details())  # there is no public way to the ops
        resize(interpreter, inputs)
    except (RuntimeError, ValueError) as e:
        return {**said, "error": plain(e)}
    said["facts"] = [{"name": "ops", "value": len(types), "unit": "ops"}]
    try:
        interpreter.allocate_tensors()
    except RuntimeError as e:
        said["error"] = plain(e)
    if run and "error" not in said:
        said["error"] = computed(interpreter)
    steps = read(interpreter).steps or []
    said["nodes"] = entries(types, steps, said.get("error", ""))
    if said.get("error"):
        return said
    return {**said, "done": True, "partitions": {"xnnpack": 0, **partitions(steps)}}


def computed(interpreter: Any) -> str:
    """The complaint when the model computes ones, empty when it has none."""
    import numpy as np

    try:
        for entry in interpreter.get_input_details():
            interpreter.set_tensor(entry["index"], np.ones(entry["shape"], entry["dtype"]))
        interpreter.invoke()
    except (RuntimeError, ValueError, TypeError) as e:
        return plain(e)
    return ""


def read(interpreter: Any) -> Any:
    """What a reader sees that comes after the delegates the interpreter has. Both live until this process ends."""
    from litert_nodes import Reader

    reader = Reader()
    KEPT.append((reader, interpreter))
    with suppress(RuntimeError, ValueError):  # of a graph that could not be prepared: it is read all the same
        interpreter._interpreter.ModifyGraphWithDelegate(reader.address)
    return reader


def entries(types: Sequence[str], steps: Sequence[Step], error: str) -> list[dict[str, str]]:
    """The ops and their units; none for one that fails. Custom ops without a kernel share one that only complains."""
    from litert_nodes import Step, nodes

    named, failed = UNRESOLVED.search(error), FAILED.search(error)
    stubs = {s.kernel for s in steps if named and types[s.ops[0]] == named[1]}
    lost = {s.ops[0]: error for s in steps if s.kernel in stubs}
    if failed and int(failed[1]) < len(types):
        lost[int(failed[1])] = error
    found: list[dict[str, str]] = nodes(types, [Step(s.ops, "") if s.ops[0] in lost else s for s in steps], lost)
    return found


def op_types(details: Sequence[Mapping[str, Any]]) -> list[str]:
    """The types of a model's ops in the order of the file; nodes that delegates added come after them."""
    return [d["op_name"] for d in details if d["op_name"] != "DELEGATE"]


def resize(interpreter: Any, inputs: Mapping[str, Sequence[int]]) -> None:
    """Give the inputs these shapes. Raises `ValueError` when the model has no such input."""
    index = {d["name"]: d["index"] for d in interpreter.get_input_details()}
    for name, shape in inputs.items():
        if name not in index:
            raise ValueError(f"the model has no input {name}")
        interpreter.resize_tensor_input(index[name], list(shape))


def arena(model: str, inputs: Mapping[str, Sequence[int]]) -> int | None:
    """Bytes of the arena when the builtin kernels run all of a model; None when they cannot, or plan not all of it."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        interpreter = Interpreter(model, num_threads=1, experimental_op_resolver_type=kernels)
        resize(interpreter, inputs)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError):
        return None
    size: int | None = read(interpreter).arena
    return size


def plain(error: Exception) -> str:
    """The message on one line."""
    return " ".join(str(error).split())


def write(path: Path, said: Mapping[str, Any]) -> None:
    """Put the answer in place as a whole."""
    path.with_suffix(".new").write_text(json.dumps(said), "utf-8")
    os.replace(path.with_suffix(".new"), path)


def main() -> None:
    """Answer one request."""
    request, to = json.loads(Path(sys.argv[1]).read_text("utf-8")), Path(sys.argv[2])
    if find_spec(PACKAGE) is None:
        write(to, {"missing": f"the Python package {PACKAGE}"})
        return
    sys.path.insert(0, str(Path(__file__).parent))  # `-P` leaves it out
    model, inputs = request["model"], request["options"].get("inputs", {})
    said = placed(model, inputs, bool(request["options"].get("run")))
    write(to, said)
    if "done" in said and (size := arena(model, inputs)) is not None:
        said["facts"].append({"name": "builtin-activations", "value": size, "unit": "bytes"})
        write(to, said)
    sys.stderr.flush()
    os._exit(0)  # nothing is taken down in an order that the runtime does not expect


if __name__ == "__main__":
    main()
