"""Quantises a float .tflite file with ai-edge-quantizer, runs it in LiteRT beside the old one, and reads what it holds.

Options: `output`, where the file goes; `report`, where what became of each weight goes; `scheme`, how it is stored (the
fields of `edgeplan.lower.scheme.Scheme`); `exceptions`, pairs of the output that an op is called by and another scheme,
null for ops that stay as they are; `dynamic`, whether kernels are to compute in integers where activations are floats;
`samples`, an .npz of inputs as `NUMBER/NAME`; `results`, where outputs go as an .npz: `NUMBER/was/INDEX`,
`NUMBER/now/INDEX`.

The report has `weights` (name, op, label, shape, form in the result, `signal` and `noise`: sums of squares before, and
of the change; `reason` it was left for), `outputs` (their names), `runs` and `why` there are none, and `notes`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import re
import sys
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent))  # `-P` leaves it out

from mil_build import WORDS, refusal
from tflite_file import FLOAT32, SIGNATURE, expanded, form, held, quantised, ready

NEEDED = ("numpy", "ai_edge_litert", "ai_edge_quantizer")
PACKAGES = ("ai-edge-quantizer", "ai-edge-litert", "numpy")
IN_BLOCKS = ("EMBEDDING_LOOKUP", "FULLY_CONNECTED")
"""What ai-edge-quantizer 0.10 stores in blocks (default_policy.py)."""
Feed = Mapping[str, Any]
"""An array for each input, by its name."""
Asked = Mapping[str, Any]
"""A scheme, or None, by the output that an op is called by."""
HALF = {"form": "float"}
KEPT = "kept as it is, as asked"

answer: dict[str, Any] = {"versions": {}, "done": False, "error": "", "notes": {}}


class UnrunnableError(RuntimeError):
    """LiteRT does not run what was made."""


def write(path: str, said: Any) -> None:
    """Put what is said in place at once."""
    Path(path + ".new").write_text(json.dumps(said), "utf-8")
    os.replace(path + ".new", path)


def configure(quantizer: Any, regex: str, scheme: Mapping[str, Any] | None, dynamic: bool) -> None:
    """Tell the quantiser of the ops whose outputs are called so; the last word about an op holds."""
    from ai_edge_quantizer import qtyping
    from ai_edge_quantizer.algorithm_manager import AlgorithmName

    every = qtyping.TFLOperationName.ALL_SUPPORTED
    grains = {"tensor": "TENSORWISE", "channel": "CHANNELWISE"}
    if scheme is None:
        quantizer.update_quantization_recipe(regex, every, algorithm_key=AlgorithmName.NO_QUANTIZE)
    elif scheme["form"] == "float":
        quantizer.add_weight_only_config(regex, every, num_bits=16, algorithm_key=AlgorithmName.FLOAT_CASTING)
    else:
        grain = qtyping.QuantGranularity[grains.get(scheme["per"], f"BLOCKWISE_{scheme['size']}")]
        if scheme["activations"]:
            quantizer.add_static_config(regex, every, scheme["activations"], scheme["bits"], weight_granularity=grain)
        elif dynamic:
            quantizer.add_dynamic_config(regex, every, scheme["bits"], granularity=grain)
        else:
            quantizer.add_weight_only_config(regex, every, scheme["bits"], granularity=grain)


def samples_of(path: str) -> list[dict[str, Any]]:
    """The samples in a file, by the names of the inputs."""
    import numpy as np

    found: dict[int, dict[str, Any]] = {}
    with np.load(path, allow_pickle=False) as arrays:
        for key in arrays.files:
            number, _, name = key.partition("/")
            found.setdefault(int(number), {})[name] = arrays[key]
    return [found[n] for n in sorted(found)]


def calibrated(quantizer: Any, content: bytes, samples: Sequence[Feed]) -> Any:
    """The ranges of all values, over the samples; None where the recipe needs none."""
    from ai_edge_litert.interpreter import Interpreter

    if not quantizer.need_calibration:
        return None
    interpreter = Interpreter(model_content=content)
    key = next(iter(interpreter.get_signature_list()))
    inputs = interpreter.get_signature_runner(key).get_input_details()
    return quantizer.calibrate({key: [{n: s[d["name"]] for n, d in inputs.items()} for s in samples]}, num_threads=1)


def run(content: bytes, samples: Sequence[Feed]) -> list[list[Any]]:
    """The outputs of a model on samples, as floats where they are quantised."""
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=1)
    found = []
    for sample in samples:
        for entry in interpreter.get_input_details():
            given = sample[entry["name"]]
            if tuple(entry["shape"]) != given.shape:
                interpreter.resize_tensor_input(entry["index"], list(given.shape))
        interpreter.allocate_tensors()
        for entry in interpreter.get_input_details():
            interpreter.set_tensor(entry["index"], sample[entry["name"]])
        interpreter.invoke()
        outs = []
        for entry in interpreter.get_output_details():
            value = np.array(interpreter.get_tensor(entry["index"]))
            scale, zero = entry["quantization"]
            outs.append((value.astype(np.float32) - zero) * scale if scale else value)
        found.append(outs)
    return found


def plain(error: Exception) -> str:
    """The message in one line."""
    return " ".join(str(error).split())[:WORDS]


def done(request: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The report of one quantisation; the file is written where it has weights, and runs if the old one does."""
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_litert.tools import flatbuffer_utils as files

    source = Path(request["model"]).read_bytes()
    model = files.read_model_from_bytearray(bytearray(source))
    report: dict[str, Any] = {"weights": [], "outputs": [], "runs": 0, "why": "", "notes": []}
    halves = ready(model)
    if not any(h.tensor.type == FLOAT32 for h in held(model)):
        return report
    content = bytes(files.convert_object_to_bytearray(model))
    model = files.read_model_from_bytearray(bytearray(content))
    samples = samples_of(options["samples"])
    before = quantised(model)
    if before:
        report["notes"].append(f"{len(before)} ops have quantised weights already: they stay as they are")
    reasons = reasons_of(model, options, halves)
    wide = {h.op: HALF for h in held(model) if h.name in halves}
    asked = {**dict(options["exceptions"]), **{op: wide.get(op) for op in reasons}, **dict.fromkeys(before)}
    made = changed(content, asked, wide, options, samples)
    report["weights"] = weights(model, files.read_model_from_bytearray(bytearray(made)), reasons, halves)
    report["outputs"] = [d["name"] for d in Interpreter(model_content=source).get_output_details()]
    try:
        was = run(source, samples)
    except (RuntimeError, ValueError) as e:
        report["why"] = f"LiteRT does not run the model: {plain(e)}"
    else:
        report["runs"] = beside(was, made, samples, options["results"])
    Path(options["output"]).write_bytes(made)
    return report


def reasons_of(model: Any, options: Mapping[str, Any], halves: Collection[str]) -> dict[str, str]:
    """Why ops stay as they are, beside those that the quantiser has no form for."""
    asked = dict(options["exceptions"])
    found = {op: KEPT for op, scheme in asked.items() if scheme is None}
    for one in held(model):
        scheme = asked.get(one.op, options["scheme"])
        if scheme is not None and scheme["form"] == "float" and one.name in halves:
            found.setdefault(one.op, "its weight is float16 already")
        block = 0 if scheme is None else scheme["size"]  # the tool gives up on all where one does not divide
        if block and one.label in IN_BLOCKS and one.tensor.shape[-1] % block:
            found.setdefault(one.op, f"{one.tensor.shape[-1]} elements do not divide into blocks of {block}")
    return found


def changed(content: bytes, asked: Asked, wide: Asked, options: Mapping[str, Any], samples: Sequence[Feed]) -> bytes:
    """The quantised file: ops as `asked`, the others by the one scheme, and as in `wide` where they cannot be so."""
    from ai_edge_litert.tools import flatbuffer_utils as files
    from ai_edge_quantizer import qtyping
    from ai_edge_quantizer.algorithm_manager import AlgorithmName
    from ai_edge_quantizer.quantizer import Quantizer

    tool = Quantizer(content)
    for op, scheme in wide.items():
        configure(tool, f"^{re.escape(op)};.*", scheme, options["dynamic"])
    configure(tool, ".*", options["scheme"], options["dynamic"])
    for op, scheme in asked.items():
        configure(tool, f"^{re.escape(op)};", scheme, options["dynamic"])
    for end in (qtyping.TFLOperationName.INPUT, qtyping.TFLOperationName.OUTPUT):  # what the app hands in stays
        tool.update_quantization_recipe("(?s).*", end, algorithm_key=AlgorithmName.NO_QUANTIZE)
    ranges = calibrated(tool, content, samples)
    made = tool.quantize(ranges, enable_progress_bar=False, enable_progress_report=False).quantized_model
    model = files.read_model_from_bytearray(bytearray(made))
    if [s.signatureKey for s in model.signatureDefs or ()] == [SIGNATURE.encode()]:
        model.signatureDefs = None
    return bytes(files.convert_object_to_bytearray(model))  # its buffers inside, as every runtime reads them


def beside(was: Sequence[Sequence[Any]], made: bytes, samples: Sequence[Feed], place: str) -> int:
    """Run what was made, and put its outputs beside the old ones; how many runs."""
    import numpy as np

    try:
        now = run(made, samples)
    except (RuntimeError, ValueError) as e:
        raise UnrunnableError(f"LiteRT does not run the result: {plain(e)}") from None
    sides = (("was", was), ("now", now))
    kept = {f"{n}/{s}/{i}": a for s, runs in sides for n, outs in enumerate(runs) for i, a in enumerate(outs)}
    np.savez(place, **kept)
    return len(now)


def weights(before: Any, after: Any, reasons: Mapping[str, str], halves: Collection[str]) -> list[dict[str, Any]]:
    """What became of every weight, found again by its name; `reasons` are why ops stay as they are.

    `halves` are the weights that were float16 before: there such a form is none.
    """
    import numpy as np

    stored = {(h.graph, h.name): h for h in held(after, every=True)}
    found = []
    for one in held(before):
        if one.tensor.type != FLOAT32:
            continue
        made = stored.get((one.graph, one.name))
        was = expanded(before, one.graph, one.tensor)
        now = expanded(after, made.graph, made.tensor) if made is not None else None
        said = form(after, made, one.label) if made is not None else ""
        said = "" if said == "fp16" and one.name in halves else said
        noise = None if now is None or not np.isfinite(now).all() else float(np.sum((was - now) ** 2))
        found.append({
            "weight": one.name, "op": one.op, "label": one.label, "shape": [int(d) for d in one.tensor.shape],
            "form": said, "signal": float(np.sum(was * was)), "noise": noise,
            "reason": "" if said else reasons.get(one.op, f"ai-edge-quantizer stores no {one.label} that way"),
        })  # fmt: skip
    return found


def main(request_path: str, answer_path: str) -> None:
    """Answer one request."""
    request = json.loads(Path(request_path).read_text("utf-8"))
    for name in NEEDED:
        try:
            importlib.import_module(name)
        except ImportError as e:
            answer["missing"] = f"the Python package {e.name or name}"
            write(answer_path, answer)
            return
    installed = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions()}
    answer["versions"] = {p: installed[p] for p in PACKAGES if p in installed}
    try:
        write(request["options"]["report"], done(request, request["options"]))
        answer["done"] = True
    except UnrunnableError as e:
        answer["error"] = str(e)
    except Exception as e:  # whatever the tool raises is its refusal
        answer["error"] = refusal(e)
    write(answer_path, answer)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1], sys.argv[2])
