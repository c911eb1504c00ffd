"""Asks TensorRT-RTX's ahead-of-time builder, which needs no GPU, how much memory a model takes, and writes it down.

    python ask_tensorrt_memory.py --out measured/tensorrt-rtx.csv --keep FOLDER MODEL.onnx ...

It needs the packages `tensorrt_rtx` and `onnx` and nothing else. TensorRT stores constants that are equal once, so the
weights of a model whose weights were blanked mean nothing: every tensor whose elements are all the same is filled with
random ones before it is built. `--float16` casts the model as well, because networks are strongly typed. Each model is
built as it is by default, and with `max_aux_streams = 0`. `--keep` keeps the layers of each engine as JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

COLUMNS = (
    "model",
    "precision",
    "aux_streams",
    "parameters",
    "weights",
    "activations",
    "scratch",
    "engine",
    "streams",
    "kernels",
    "seconds",
    "build_peak",
)
"""One row a build. `parameters` are the bytes of the initializers, `build_peak` the largest RSS of the process."""

_CHIP = "SM86"
_LEAST = 32
"""Elements below which a constant is not a weight: sizes, axes, epsilons."""
_FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)
_FIGURES = {
    "weights": re.compile(r"^Total Weights Memory: (\d+) bytes"),
    "activations": re.compile(r"^Total Activation Memory: (\d+) bytes"),
    "scratch": re.compile(r"^Max Scratch Memory: (\d+) bytes"),
}
_LAYER = re.compile(
    r"^Name: (?P<name>.*?), LayerType: (?P<type>\w+), Inputs: \[(?P<inputs>.*?)\], Constants: \[(?P<constants>.*?)\], "
    r"Outputs: \[(?P<outputs>.*?)\], TacticName: (?P<tactic>.*?), StreamId: (?P<stream>\d+)"
    r"(?:, EventId: (?P<event>\d+))?, Metadata: (?P<metadata>.*)$"
)
_TENSOR = re.compile(r"Name: (.*?), Dimensions: \[([\d,]*)\], Strides: \[([\d,]*)\].*?Datatype: (\w+)")


def filled(model: onnx.ModelProto) -> int:
    """Give random elements to all constants that hold one number throughout; returns the bytes of the initializers."""
    rng = np.random.default_rng(5)
    _inline(model.graph)
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.size < _LEAST or not (array == array.flat[0]).all():
            continue
        if tensor.data_type in _FLOATS:
            made = rng.uniform(0.02, 0.08, array.shape).astype(array.dtype)
        elif array.dtype in (np.int8, np.uint8):
            made = rng.integers(0, 100, array.shape).astype(array.dtype)
        else:
            continue
        tensor.CopyFrom(numpy_helper.from_array(made, tensor.name))
    return sum(int(numpy_helper.to_array(t).nbytes) for t in model.graph.initializer)


def _inline(graph: onnx.GraphProto) -> None:
    """Turn ConstantOfShape of a constant shape, and Constant, into initializers."""
    known = {t.name: t for t in graph.initializer}
    kept = []
    for node in graph.node:
        if node.op_type == "ConstantOfShape" and node.input[0] in known:
            shape = tuple(int(d) for d in numpy_helper.to_array(known[node.input[0]]))
            value = numpy_helper.to_array(node.attribute[0].t) if node.attribute else np.zeros(1, np.float32)
            graph.initializer.append(
                numpy_helper.from_array(np.full(shape, value.flat[0], value.dtype), node.output[0])
            )
        elif node.op_type == "Constant" and node.attribute[0].name == "value":
            graph.initializer.append(
                numpy_helper.from_array(numpy_helper.to_array(node.attribute[0].t), node.output[0])
            )
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)


def halved(model: onnx.ModelProto) -> None:
    """Cast weights, inputs and outputs to float16; the sizes of Resize stay."""
    graph = model.graph
    stay = {n for node in graph.node if node.op_type == "Resize" for n in node.input[1:]}
    for tensor in graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT and tensor.name not in stay:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name))
    for value in (*graph.input, *graph.output):
        if value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT:
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == onnx.TensorProto.FLOAT:
                attribute.i = onnx.TensorProto.FLOAT16
            if attribute.type == onnx.AttributeProto.TENSOR and attribute.t.data_type == onnx.TensorProto.FLOAT:
                array = numpy_helper.to_array(attribute.t).astype(np.float16)
                attribute.t.CopyFrom(numpy_helper.from_array(array, attribute.t.name))
    del graph.value_info[:]


def _tensors(text: str) -> list[dict[str, Any]]:
    return [
        {"name": n, "shape": _numbers(d), "strides": _numbers(s), "dtype": t} for n, d, s, t in _TENSOR.findall(text)
    ]


def _numbers(text: str) -> list[int]:
    return [int(n) for n in text.split(",") if n]


def layers(dump: str) -> list[dict[str, Any]]:
    """The layers of an engine in the order in which they are launched, with the tensors they read and write."""
    found = []
    for line in dump.splitlines():
        if match := _LAYER.match(line):
            one = match.groupdict()
            for side in ("inputs", "constants", "outputs"):
                one[side] = _tensors(match[side])
            found.append(one)
    return found


def build(data: bytes, aux_streams: int | None) -> dict[str, Any]:
    """Build once; the figures of the log, the layers of the engine, or the builder's complaint."""
    import tensorrt_rtx as trt

    class Log(trt.ILogger):  # type: ignore[misc]
        """Keeps every line; the complaints apart."""

        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.lines: list[str] = []
            self.errors: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            (self.errors if severity <= trt.ILogger.Severity.ERROR else self.lines).append(message)

    log = Log()
    builder = trt.Builder(log)
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, log)
    if not parser.parse(data):
        return {"error": parser.get_error(0).desc()}
    config = builder.create_builder_config()
    config.num_compute_capabilities = 1
    config.set_compute_capability(getattr(trt.ComputeCapability, _CHIP), 0)
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    if aux_streams is not None:
        config.max_aux_streams = aux_streams
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        return {"error": log.errors[0] if log.errors else "no engine"}
    found: dict[str, Any] = {"engine": int(engine.nbytes)}
    for line in log.lines:
        for name, pattern in _FIGURES.items():
            if match := pattern.match(line):
                found[name] = found.get(name, 0) + int(match[1])
    found["layers"] = layers(next((line for line in log.lines if line.startswith("Layers:")), ""))
    return found


def one(path: Path, float16: bool, aux_streams: int | None) -> dict[str, Any]:
    """Load, fill, cast and build one model."""
    model = onnx.load(path)
    parameters = filled(model)
    if float16:
        halved(model)
        parameters = sum(int(numpy_helper.to_array(t).nbytes) for t in model.graph.initializer)
    data = model.SerializeToString()
    del model
    began = time.process_time()
    found = build(data, aux_streams)
    used = [layer for layer in found.get("layers", ()) if layer["type"] not in ("signal", "wait")]
    return {
        "model": path.stem,
        "precision": "float16" if float16 else "model",
        "aux_streams": "" if aux_streams is None else aux_streams,
        "parameters": parameters,
        **found,
        "streams": len({layer["stream"] for layer in used}),
        "kernels": len(used),
        "seconds": round(time.process_time() - began, 2),
        "build_peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def main() -> None:
    """Ask about every model in a process of its own, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--float16", action="store_true")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one is not None:
        json.dump(one(asked.models[0], asked.float16, asked.one if asked.one >= 0 else None), sys.stdout)
        return
    rows = []
    for path in asked.models:
        for aux_streams in (-1, 0):
            tail = (".fp16" if asked.float16 else "") + (".aux0" if aux_streams == 0 else "")
            kept = asked.keep / f"{path.stem}{tail}.json" if asked.keep else None
            if kept is None or not kept.exists():
                command = [sys.executable, __file__, str(path), "--one", str(aux_streams)]
                done = subprocess.run(
                    command + (["--float16"] if asked.float16 else []), stdout=subprocess.PIPE, check=False
                )
                found = json.loads(done.stdout) if done.returncode == 0 else {"model": path.stem, "error": "crashed"}
                if kept is not None:
                    kept.write_text(json.dumps(found), "utf-8")
            else:
                found = json.loads(kept.read_text("utf-8"))
            if "activations" in found:
                rows.append({column: found[column] for column in COLUMNS})
            print(path.stem, tail, found.get("error", found.get("activations")), file=sys.stderr, flush=True)
    if asked.out:
        with asked.out.open("w", encoding="utf-8", newline="") as f:
            table = csv.DictWriter(f, COLUMNS, lineterminator="\n")
            table.writeheader()
            table.writerows(rows)


if __name__ == "__main__":
    main()
