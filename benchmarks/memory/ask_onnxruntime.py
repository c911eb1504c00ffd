"""Measures what ONNX Runtime's CPU provider takes of a process: a session loaded, and run three times.

    python -P ask_onnxruntime.py MODEL.onnx

Prints one JSON object. Needs onnxruntime, onnx and numpy, on Linux. Open dimensions are taken as one, inputs are zero.
Without -P the package of that name beside this file would be imported in place of the runtime.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

KINDS = {
    "float": np.float32, "float16": np.float16, "double": np.float64, "int64": np.int64, "int32": np.int32,
    "int16": np.int16, "int8": np.int8, "uint8": np.uint8, "bool": np.bool_, "string": np.str_,
}  # fmt: skip
FLOATS = {TensorProto.FLOAT: np.float32, TensorProto.FLOAT16: np.float16}
LARGE = 256
RUNS = 3


def process() -> dict[str, int]:
    """Resident bytes of this process, those of them that no file backs, and the most there ever were."""
    text = Path("/proc/self/status").read_text("ascii")
    read = {k: int(v) * 1024 for k, v in re.findall(r"^(VmRSS|RssAnon|VmHWM):\s+(\d+) kB", text, re.MULTILINE)}
    return {"rss": read["VmRSS"], "anon": read["RssAnon"], "most": read["VmHWM"]}


def forget_the_most() -> None:
    """Let the high-water mark start anew."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def feeds(session: ort.InferenceSession) -> Mapping[str, Any]:
    """Zeros for every input; open dimensions are one."""
    found = {}
    for i in session.get_inputs():
        kind = re.fullmatch(r"tensor\((\w+)\)", i.type)
        if kind is None:
            raise TypeError(f"input {i.name} is a {i.type}")
        found[i.name] = np.zeros([d if isinstance(d, int) else 1 for d in i.shape], KINDS[kind[1]])
    return found


def arena(log: str) -> dict[str, int]:
    """What the arena says it took: reserved for packed weights, and grown by."""
    packing = log.partition("Done saving initialized tensors")[2]
    sizes = [int(n) for n in re.findall(r"Reserving memory in BFCArena for Cpu size: (\d+)", packing)]
    return {
        "reserved": sum(sizes),
        "extended": sum(int(n) for n in re.findall(r"Extended allocation by (\d+) bytes", log)),
    }


def main() -> None:
    """Measure the model named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    given = parser.parse_args()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as log, tempfile.TemporaryDirectory() as folder:
        os.dup2(log.fileno(), 2)
        try:
            told = measured(given.model, Path(folder) / "filled.onnx")
        except Exception as e:  # whatever the runtime or the model's reader makes of the model is its record
            told = {"error": f"{type(e).__name__}: {e}"[:300]}
        os.dup2(kept, 2)
        log.seek(told.pop("mark", 0))
        told |= arena(log.read().decode("utf-8", "replace"))
    print(json.dumps({"onnxruntime": ort.__version__, **told}))


def measured(source: Path, path: Path) -> dict[str, Any]:
    """Create a session and run it; bytes above what the process held before, `mark` where its log begins."""
    ort.set_default_logger_severity(1)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 1
    warm(options)
    fill(source, path)
    libc = ctypes.CDLL("libc.so.6")
    libc.malloc_trim(0)
    told: dict[str, Any] = {"mark": os.lseek(2, 0, os.SEEK_END)}
    before = process()
    forget_the_most()
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    loaded = process()
    libc.malloc_trim(0)
    held = process()
    forget_the_most()
    fed = feeds(session)
    runs = []
    for _ in range(RUNS):
        out = session.run(None, fed)
        runs.append(process()["anon"] - before["anon"])
    after = process()
    return told | {
        "inputs": {n: list(a.shape) for n, a in fed.items()},
        "load-peak": loaded["most"] - before["rss"],
        "loaded": loaded["anon"] - before["anon"],
        "held": held["anon"] - before["anon"],
        "runs": runs,
        "ran": after["anon"] - before["anon"],
        "run-peak": after["most"] - before["rss"],
        "fed": sum(a.nbytes for a in fed.values()),
        "outputs": sum(getattr(o, "nbytes", 0) for o in out),
    }


def warm(options: ort.SessionOptions) -> None:
    """A session of one op, so that what the library takes once is not counted."""
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 16]) for n in "xy")
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    session.run(None, {"x": np.zeros((1, 16), np.float32)})


def fill(source: Path, target: Path) -> None:
    """A copy whose large float weights differ from each other: equal ones are packed once and held once."""
    model = onnx.load(source)
    random = np.random.default_rng(0)
    for tensor in chain.from_iterable(tensors(model.graph)):
        size = int(np.prod(tensor.dims))
        if tensor.data_type in FLOATS and size >= LARGE:
            drawn = random.standard_normal(size, np.float32) * 0.02
            del tensor.float_data[:]
            tensor.raw_data = drawn.astype(FLOATS[tensor.data_type]).tobytes()
    onnx.save(model, target)


def tensors(graph: onnx.GraphProto) -> Iterator[Iterable[onnx.TensorProto]]:
    """Initializers and constants, bodies included."""
    yield graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield [attribute.t]
            if attribute.g.node:
                yield from tensors(attribute.g)


if __name__ == "__main__":
    main()
