"""Asks coremltools what package a model becomes: by its converters, and from edgeplan's own lowering.

Options: `deployment` (`iOS17`), `precision` (`float16`, `float32`), `lowered` (edgeplan's lowering, as
`edgeplan.verify.mil_ops.program` writes it), `paths` (which of them to try). Paths, in this order: `lowered`, the
lowering built op by op, which coremltools type-checks; `onnx2coreml`; `onnx2torch`, traced. A path's facts and kernels
are named `PATH/...`; `package`, `weights` and `ops` alone are those of the first converter that came to its end.
Kernels are the MIL ops of the written package but for its constants.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent))  # `-P` leaves it out

from mil_build import WORDS, build, refusal
from onnx_clean import cleaned, opset_of

PACKAGES = ("coremltools", "onnx", "onnx2coreml", "onnx2torch", "onnxslim", "torch", "numpy")
NEEDED = ("numpy", "onnx", "onnxslim", "coremltools")
ROUNDS = 8
"""How often the lowering is built anew without the ops that the builder refused."""
OPSETS = (17, 15, 13)
"""Opsets at which onnx2torch knows most ops: of some it has no newer version than these."""

answer: dict[str, Any] = {
    "versions": {},
    "done": False,
    "error": "",
    "nodes": [],
    "facts": [],
    "kernels": [],
    "notes": {},
}


def write(path: str) -> None:
    """Put the whole answer in place at once."""
    Path(path + ".new").write_text(json.dumps(answer), "utf-8")
    os.replace(path + ".new", path)


def by_onnx2coreml(model: Any, target: Any, options: dict[str, Any]) -> Any:
    """Through onnx2coreml, which builds MIL from ONNX directly."""
    import onnx2coreml

    return onnx2coreml.convert(
        model, minimum_deployment_target=target.name, compute_units="cpu_only",
        compute_precision={"float16": "fp16", "float32": "fp32"}[options["precision"]], fuse=False,
    )  # fmt: skip


def by_onnx2torch(model: Any, target: Any, options: dict[str, Any]) -> Any:
    """Through a torch module, traced on zeros of the input shapes, as a PyTorch model comes."""
    import coremltools as ct
    import numpy as np
    import torch
    from onnx import helper

    weights = {t.name for t in model.graph.initializer}
    inputs: list[Any] = []
    examples: list[Any] = []
    for value in (v for v in model.graph.input if v.name not in weights):
        kind = value.type.tensor_type
        shape = tuple(d.dim_value for d in kind.shape.dim)
        dtype = helper.tensor_dtype_to_np_dtype(kind.elem_type)
        examples.append(torch.from_numpy(np.zeros(shape, dtype)))
        inputs.append(ct.TensorType(f"input_{len(inputs)}", shape, np.int32 if dtype.kind in "iub" else np.float32))
    module = torch_module(model)
    with torch.no_grad():
        traced = torch.jit.trace(module, tuple(examples), strict=False, check_trace=False)
    return ct.convert(
        traced, inputs=inputs, convert_to="mlprogram", minimum_deployment_target=target,
        compute_precision=precision_of(options), compute_units=ct.ComputeUnit.CPU_ONLY, skip_model_load=True,
    )  # fmt: skip


def torch_module(model: Any) -> Any:
    """The model as a torch module, of the newest opset at which onnx2torch has all of its ops."""
    import onnx2torch
    from onnx import shape_inference, version_converter

    first: NotImplementedError | None = None
    opset = opset_of(model)
    for wanted in OPSETS:
        try:
            given = model if wanted >= opset else version_converter.convert_version(model, wanted)
            return onnx2torch.convert(shape_inference.infer_shapes(given)).eval()
        except NotImplementedError as e:
            first = first or e
        except Exception:  # a way down that fails says less than what was missing further up
            if first is None:
                raise
    raise first or NotImplementedError("no opset")


def by_lowering(_: Any, target: Any, options: dict[str, Any]) -> Any:
    """Build edgeplan's lowering; an op that the builder refuses becomes a node with its words, and an input."""
    import coremltools as ct

    given, complaints, ops = set[int](), dict[int, str](), options["lowered"]["ops"]
    for _ in range(ROUNDS):
        program, refused, left = build(options["lowered"], given, target)
        complaints |= refused
        given |= refused.keys()
        if not refused:
            break
    answer["nodes"] += [
        {"name": source, "type": ops[index]["type"], "unit": "", "words": f"the MIL builder: {why}"}
        for index, why in complaints.items()
        for source in ops[index]["sources"]
    ]
    if left:
        kinds = sorted({(f"{ops[i]['domain']}." if ops[i]["domain"] else "") + ops[i]["type"] for i in left})
        note = f"{len(left)} of {len(ops)} ops of the lowering were not built: {', '.join(kinds)}"
        answer["notes"]["left"] = note[:WORDS]
    if program is None:
        raise ValueError("no op of the lowering can be built: free dimensions, or no forms in MIL")
    return ct.convert(
        program, convert_to="mlprogram", minimum_deployment_target=target, compute_precision=precision_of(options),
        compute_units=ct.ComputeUnit.CPU_ONLY, skip_model_load=True,
    )  # fmt: skip


def precision_of(options: dict[str, Any]) -> Any:
    """What floats are computed in, as coremltools has it."""
    import coremltools as ct

    return ct.precision.FLOAT16 if options["precision"] == "float16" else ct.precision.FLOAT32


def read_back(model: Any, path: str, lowered: Any, names: dict[str, str]) -> str:
    """Save a package and count what stands in it: its bytes, and its ops but for constants."""
    import coremltools as ct

    package = Path(f"{path}.mlpackage")
    model.save(str(package))
    files = [f for f in package.rglob("*") if f.is_file()]
    program = ct.utils.load_spec(str(package)).mlProgram
    kernels = [k for f in program.functions.values() for b in f.block_specializations.values() for k in kernels_of(b)]
    for kernel in kernels:
        kernel["ops"] = sources(kernel["name"], lowered, names)
        kernel["name"] = f"{path}/{kernel['name']}"
    answer["kernels"] += [k for k in kernels if not k["name"].startswith(f"{path}/given_")]
    figures = {
        "package": (sum(f.stat().st_size for f in files), "bytes"),
        "weights": (sum(f.stat().st_size for f in files if f.suffix == ".bin"), "bytes"),
        "ops": (len(kernels), "ops"),
    }
    said = {f["name"] for f in answer["facts"]}
    for name, (count, unit) in figures.items():
        whole = [name] if path != "lowered" and name not in said else []
        answer["facts"] += [{"name": n, "value": count, "unit": unit} for n in (f"{path}/{name}", *whole)]
    return f"converted: {len(kernels)} ops, {figures['package'][0]} bytes"


def kernels_of(block: Any) -> Iterator[dict[str, Any]]:
    """The ops of a block and of the blocks inside them; constants of every kind are left out."""
    for op in block.operations:
        if op.type != "const" and not op.type.startswith("constexpr"):
            yield {"name": op.outputs[0].name if op.outputs else "", "type": op.type, "ops": []}
        for inner in op.blocks:
            yield from kernels_of(inner)


def sources(output: str, lowered: Any, names: dict[str, str]) -> list[str]:
    """The ops of the model behind an output of the package, as far as its name tells."""
    base = output.removesuffix("_cast_fp16").removesuffix("_cast")
    if lowered and base.startswith("op") and (number := base[2:].split("_")[0]).isdigit():
        return list(lowered["ops"][int(number)]["sources"])
    return [names[base]] if base in names else []


def main(request_path: str, answer_path: str) -> None:
    """Try every path and keep what each says."""
    request = json.loads(Path(request_path).read_text("utf-8"))
    options = {"deployment": "iOS18", "precision": "float16", "lowered": None, **request["options"]}
    for name in NEEDED:
        try:
            importlib.import_module(name)
        except ImportError as e:
            answer["missing"] = f"the Python package {e.name or name}"
            write(answer_path)
            return
    import coremltools as ct

    found = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions()}
    answer["versions"] = {p: found[p] for p in PACKAGES if p in found}
    write(answer_path)
    target = ct.target[options["deployment"]]
    ways = {"lowered": by_lowering, "onnx2coreml": by_onnx2coreml, "onnx2torch": by_onnx2torch}
    if options["lowered"] is None:
        del ways["lowered"]
    model, names = None, dict[str, str]()
    for path in (p for p in ways if p in options.get("paths", ways)):
        try:
            if path != "lowered":
                importlib.import_module(path)
                if model is None:
                    model = cleaned(request["model"])
                    names = {spelled(o): n.name for n in model.graph.node for o in n.output}
            package = ways[path](model, target, options)
            lowered = options["lowered"] if path == "lowered" else None
            answer["notes"][path] = read_back(package, path, lowered, names)
        except ImportError as e:
            answer["notes"][path] = f"not installed: {e.name}"
        except Exception as e:  # whatever a converter raises is its refusal
            answer["notes"][path] = f"refused: {refusal(e)}"
        write(answer_path)
    converted = {p for p in ways if answer["notes"].get(p, "").startswith("converted")}
    answer["done"] = bool(converted - ({"lowered"} if "left" in answer["notes"] or answer["nodes"] else set()))
    if not answer["done"]:
        answer["error"] = "; ".join(("no path came to its end", *(f"{p}: {n}" for p, n in answer["notes"].items())))
    write(answer_path)


def spelled(name: str) -> str:
    """A value's name as a package writes it: letters, digits and underscores."""
    plain = "".join(c if c.isalnum() else "_" for c in name)
    return f"_{plain}" if plain[:1].isdigit() else plain


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    main(sys.argv[1], sys.argv[2])
