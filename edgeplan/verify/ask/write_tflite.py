"""Writes a .tflite file from a description of its tensors and ops, with the classes that ai-edge-litert brings."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any

_SMALL = 1 << 16
"""Elements that are drawn; a larger tensor repeats them."""


def main() -> None:
    """Read the request, write the file and the answer."""
    with open(sys.argv[1], encoding="utf-8") as f:
        request = json.load(f)
    with open(request["model"], encoding="utf-8") as f:
        description = json.load(f)
    answer: dict[str, Any] = {"done": False}
    try:
        from importlib.metadata import version

        import flatbuffers
        from ai_edge_litert import schema_py_generated as schema
    except ImportError:
        answer["missing"] = "the Python package ai-edge-litert"
    else:
        answer["versions"] = {"ai-edge-litert": version("ai-edge-litert")}
        try:
            builder = flatbuffers.Builder(1 << 20)
            builder.Finish(_model(description, schema).Pack(builder), file_identifier=b"TFL3")
            with open(request["options"]["to"], "wb") as f:
                f.write(builder.Output())
            answer["done"] = True
        except Exception as e:  # whatever stops the writing is the answer
            answer["error"] = f"{type(e).__name__}: {e}"
    with open(sys.argv[2] + ".new", "w", encoding="utf-8") as f:
        json.dump(answer, f)
    os.replace(sys.argv[2] + ".new", sys.argv[2])


def _model(description: dict[str, Any], schema: Any) -> Any:
    model = schema.ModelT()
    model.version = 3
    model.description = "written by edgeplan"
    model.operatorCodes = [_code(c, schema) for c in description["codes"]]
    model.buffers = [schema.BufferT()]
    model.subgraphs = [_subgraph(g, model.buffers, schema) for g in description["subgraphs"]]
    return model


def _code(given: dict[str, Any], schema: Any) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = given["builtin"]
    code.deprecatedBuiltinCode = min(given["builtin"], 127)
    code.version = given["version"]
    code.customCode = given["custom"] or None
    return code


def _subgraph(given: dict[str, Any], buffers: list[Any], schema: Any) -> Any:
    graph = schema.SubGraphT()
    graph.name = given["name"]
    graph.inputs, graph.outputs = given["inputs"], given["outputs"]
    graph.tensors = [_tensor(t, buffers, schema) for t in given["tensors"]]
    graph.operators = [_operator(o, schema) for o in given["ops"]]
    return graph


def _tensor(given: dict[str, Any], buffers: list[Any], schema: Any) -> Any:
    tensor = schema.TensorT()
    tensor.name, tensor.type, tensor.isVariable = given["name"], given["type"], given["variable"]
    tensor.shape = given["shape"] or []
    tensor.hasRank = given["shape"] is not None
    tensor.shapeSignature = given["signature"]
    if given["quantization"]:
        found = schema.QuantizationParametersT()
        found.scale = list(given["quantization"]["scale"])
        found.zeroPoint = list(given["quantization"]["zero_point"])
        found.quantizedDimension = given["quantization"]["dimension"]
        tensor.quantization = found
    if given["const"]:
        buffer = schema.BufferT()
        buffer.data = _bytes(given, len(buffers))
        tensor.buffer = len(buffers)
        buffers.append(buffer)
    return tensor


def _bytes(given: dict[str, Any], seed: int) -> Any:
    """The contents as bytes: those that were read, else small numbers for reals and levels, zeros for the rest."""
    import numpy as np

    count = 1
    for size in given["shape"]:
        count *= size
    bits = int(re.findall(r"\d+", given["dtype"])[0]) if re.search(r"\d", given["dtype"]) else 8
    real = "float" in given["dtype"] or "complex" in given["dtype"]
    if given["data"] is not None:
        drawn = np.array(given["data"], dtype=np.float64 if real else np.int64)
    else:
        drawn = np.zeros(min(count, _SMALL), dtype=np.int64)
        random = np.random.default_rng(seed)
        if real:
            drawn = random.normal(0, 0.05, drawn.size)
        elif given["quantization"]:
            drawn = random.integers(-2, 2, drawn.size) + given["quantization"]["zero_point"][0]
    if bits < 8:
        levels = np.resize(drawn, count).astype(np.uint8) & (2**bits - 1)
        each = 8 // bits
        levels = np.pad(levels, (0, -count % each)).reshape(-1, each)
        return np.bitwise_or.reduce(levels << (np.arange(each, dtype=np.uint8) * bits), axis=1).astype(np.uint8)
    if given["dtype"] == "bfloat16":
        whole = (np.asarray(drawn, np.float32).view(np.uint32) >> 16).astype(np.uint16)
    elif given["dtype"] == "float8":
        whole = np.zeros(drawn.size, np.uint8)
    else:
        whole = drawn.astype(given["dtype"])
    return np.resize(whole, count).view(np.uint8)


def _operator(given: dict[str, Any], schema: Any) -> Any:
    op = schema.OperatorT()
    op.opcodeIndex = given["code"]
    op.inputs, op.outputs = given["inputs"], given["outputs"]
    if given["custom"]:
        op.customOptions = _custom_options(given["options"])
    if given["table"]:
        options = getattr(schema, given["table"] + "T")()
        for name, value in given["options"].items():
            field = re.sub(r"_(\w)", lambda found: found[1].upper(), name)
            if not hasattr(options, field):
                raise AttributeError(f"{given['table']} has no option {name} in this release of ai-edge-litert")
            setattr(options, field, value)
        if given["table"] == "StableHLOCompositeOptions":  # the kernel wants a map, if only an empty one
            from flatbuffers import flexbuffers

            options.compositeAttributes = list(flexbuffers.Dumps({}))
        second = given["union"] == "BuiltinOptions2"
        setattr(op, "builtinOptions2" if second else "builtinOptions", options)
        setattr(op, "builtinOptions2Type" if second else "builtinOptionsType", given["number"])
    return op


def _custom_options(given: dict[str, Any]) -> list[int]:
    """Options of a custom op: the bytes that `custom_options` lists, or a map, if only an empty one."""
    from flatbuffers import flexbuffers

    return list(given["custom_options"]) if "custom_options" in given else list(flexbuffers.Dumps(given))


if __name__ == "__main__":
    main()
